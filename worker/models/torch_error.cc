#include "worker/models/torch_error.h"

#include <c10/util/Exception.h>

#include <optional>
#include <string_view>

#include "common/base/message_text.h"

namespace wcam {

namespace {

// "RuntimeError: text" of the line "builtins.RuntimeError: text"; nullopt when the line does not start like
// that.
std::optional<std::string_view> marked_cause(std::string_view line) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view name = line.substr(0, colon);
  if (name.find(' ') != std::string_view::npos || !(name.ends_with("Error") || name.ends_with("Exception")))
    return std::nullopt;
  const std::size_t dot = name.rfind('.');
  return line.substr(dot == std::string_view::npos ? 0 : dot + 1);
}

// What the line underlines of the one above it: "   ~~~~~~ <--- HERE"; empty when it does not.
std::string_view underlined(std::string_view line, std::string_view above) {
  const std::size_t begin = line.find('~');
  if (!line.ends_with("<--- HERE") || begin >= above.size()) return "";
  return above.substr(begin, line.find_first_not_of('~', begin) - begin);
}

// Without where in LibTorch a check failed, "[enforce fail at FILE:LINE] . ", and the full stop.
std::string_view plain(std::string_view line) {
  if (line.starts_with("[enforce fail at"))
    if (const std::size_t end = line.find("] . "); end != std::string_view::npos) line.remove_prefix(end + 4);
  while (line.ends_with(' ') || line.ends_with('.')) line.remove_suffix(1);
  return line;
}

}  // namespace

// The cause is the last line "SomeError: text", or the first that says something where nothing is marked
// so, to the end of its sentence.
std::string cause_of(const std::exception& exception) {
  const auto* from_torch = dynamic_cast<const c10::Error*>(&exception);
  const std::string text = from_torch != nullptr ? from_torch->what_without_backtrace() : exception.what();
  std::string first;
  std::string_view marked, call, above;
  for (std::size_t start = 0, end = 0; end != std::string::npos; start = end + 1) {
    end = text.find('\n', start);
    const std::string_view line = std::string_view(text).substr(start, end - start);
    if (const std::string_view said = plain(line); !said.empty() && (first.empty() || first.ends_with(':')))
      first.append(first.empty() ? "" : " ").append(said);
    if (const auto found = marked_cause(line)) marked = *found;
    if (call.empty()) call = underlined(line, above);
    above = line;
  }
  std::string cause = marked.empty() ? first : std::string(marked);
  if (marked.empty() && !call.empty() && cause.find("::") == std::string::npos)
    cause.append(": ").append(call);  // "Arguments for call are not valid: torch.softmax"
  constexpr std::size_t kLongest = 400;
  return cause.size() <= kLongest ? cause : beginning(cause, kLongest) + " ...";
}

bool is_of_no_torchscript(const std::string& cause) {
  return cause.starts_with("PytorchStreamReader failed") ||
         cause.find("not in a subdirectory") != std::string::npos;
}

}  // namespace wcam
