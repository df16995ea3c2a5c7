#include "common/command_line/suggestion.h"

#include <algorithm>
#include <boost/algorithm/string/join.hpp>
#include <cctype>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

namespace wcam {

namespace {

constexpr std::size_t kMost = 3, kMostEdits = 3, kShortestBeginning = 3;
constexpr std::size_t kLongest = 64;  // characters that are looked at: the time grows with their square

std::string comparable(const std::string& word) {
  std::string plain = word.substr(0, kLongest);
  std::transform(plain.begin(), plain.end(), plain.begin(),
                 [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
  return plain;
}

// Letters to insert, take away, replace or swap with their neighbour to make b of a ("optimal string
// alignment").
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + other});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::exchange(last, row);
  }
  return last.back();
}

// How far a known word is from the one typed; nothing when it is another word altogether.
std::optional<std::size_t> distance(const std::string& typed, const std::string& known) {
  if (typed.size() >= kShortestBeginning && known.starts_with(typed)) return 1;
  const std::size_t edits = edits_between(typed, known);
  const std::size_t most = std::clamp<std::size_t>(std::min(typed.size(), known.size()) / 3, 1, kMostEdits);
  return edits <= most ? std::optional(edits) : std::nullopt;
}

}  // namespace

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  std::vector<std::string> nearest;
  std::size_t least = kLongest;
  for (const std::string& candidate : known) {
    const auto far = distance(comparable(word), comparable(candidate));
    if (!far || *far > least) continue;
    if (*far < least) nearest.clear();
    least = *far;
    if (nearest.size() < kMost) nearest.push_back("'" + candidate + "'");
  }
  if (nearest.empty()) return "";
  return "; did you mean " + boost::algorithm::join(nearest, " or ") + "?";
}

}  // namespace wcam
