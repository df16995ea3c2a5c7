#include "common/study/class_names.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/study/case_spec.h"
#include "common/study/pointer_file.h"

using json = nlohmann::ordered_json;

namespace wcam {

namespace {

struct Entry {
  std::string where;  // "line 7"
  std::optional<std::int64_t> number;
  std::string id, name;
};
using Entries = std::vector<Entry>;

constexpr std::string_view kSpace = " \t", kMarks = ",:;|=.)", kQuotes = "'\"";
constexpr std::size_t kIdLength = 9;

bool is_one_of(std::string_view characters, char c) { return characters.find(c) != std::string_view::npos; }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace), last = text.find_last_not_of(kSpace);
  return first == std::string_view::npos ? std::string_view{} : text.substr(first, last - first + 1);
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
  return number;
}

// 'tench', "tench", "a ""big"" fish": without what encloses it.
std::string unquoted(std::string_view text) {
  text = trimmed(text);
  if (text.ends_with(',')) text = trimmed(text.substr(0, text.size() - 1));  // of a list over several lines
  if (text.size() < 2 || text.front() != text.back() || !is_one_of(kQuotes, text.front()))
    return std::string(text);
  const char quote = text.front();
  std::string inside;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    const bool escapes = (text[i] == '\\' || text[i] == quote) && text[i + 1] == quote && i + 2 < text.size();
    if (escapes) ++i;
    inside += text[i];
  }
  return inside;
}

// The word at the beginning and what follows it and one mark between; both are empty when nothing separates
// them.
struct Beginning {
  std::string word;
  std::string_view rest;
};

Beginning beginning_of(std::string_view line) {
  line = trimmed(line);
  const bool quoted = !line.empty() && is_one_of(kQuotes, line.front());
  const auto end = quoted ? line.find(line.front(), 1) : line.find_first_not_of("n0123456789");
  if (end == std::string_view::npos) return {unquoted(line), {}};
  std::string_view rest = line.substr(quoted ? end + 1 : end);
  const std::string word = unquoted(line.substr(0, line.size() - rest.size()));
  const auto before = rest.size();
  rest = trimmed(rest);
  if (!rest.empty() && (is_one_of(kMarks, rest.front()) || rest.starts_with("- ")))
    rest = trimmed(rest.substr(1));
  if (rest.size() == before) return {};
  return {word, rest};
}

using Lines = std::vector<std::string_view>;

// A column is one that all lines have; the first may name it instead, and is then left out.
template <typename Take>
bool take_column(Lines& lines, Entries& entries, Take take) {
  Lines left = lines;
  Entries filled = entries;
  std::size_t taken = 0;
  for (std::size_t i = left.size(); i-- > 0; ++taken)
    if (!take(left[i], filled[i])) break;
  const bool headed = taken + 1 == left.size();
  if (taken < 2 || (taken < left.size() && !headed)) return false;
  if (headed) {
    left.erase(left.begin());
    filled.erase(filled.begin());
  }
  lines = std::move(left);
  entries = std::move(filled);
  return true;
}

bool take_number(std::string_view& line, Entry& entry) {
  const auto [word, rest] = beginning_of(line);
  const auto number = number_of(word);
  if (word.empty() || !number || rest.empty()) return false;
  entry.number = number;
  line = rest;
  return true;
}

bool take_id(std::string_view& line, Entry& entry) {
  const auto [word, rest] = beginning_of(line);
  if (!wordnet_id(word)) return false;
  entry.id = word;
  line = rest;
  return true;
}

// "n01440764_tench", as folders are called; "tench (n01440764)", "tench, n01440764".
bool take_id_within(Entry& entry) {
  constexpr std::string_view kBetween = " \t,;:_-";
  const std::string_view text = entry.name;
  const auto id_at = [text](std::size_t at) { return wordnet_id(text.substr(at, kIdLength)).has_value(); };
  std::size_t at = 0;
  std::string_view name;
  if (id_at(0) && (text.size() == kIdLength || is_one_of(kBetween, text[kIdLength]))) {
    name = text.substr(std::min(text.size(), kIdLength + 1));
  } else {
    const bool enclosed = text.ends_with(')');
    const std::size_t tail = kIdLength + (enclosed ? 1 : 0);
    if (text.size() < tail + 2) return false;
    at = text.size() - tail;
    if (!id_at(at) || !is_one_of(enclosed ? "(" : kBetween, text[at - 1])) return false;
    name = trimmed(text.substr(0, at - 1));
    if (name.ends_with(',')) name.remove_suffix(1);
  }
  entry.id = text.substr(at, kIdLength);
  entry.name = std::string(trimmed(name));
  return true;
}

// Ids that are a part of the names, of all of them.
void take_ids_within(Entries& entries) {
  Entries with_ids = entries;
  const auto taken = std::count_if(with_ids.begin(), with_ids.end(), take_id_within);
  if (taken > 0 && static_cast<std::size_t>(taken) == entries.size()) entries = std::move(with_ids);
}

// "tench,0"; not "Boeing 737".
bool take_number_at_end(std::string_view& line, Entry& entry) {
  const auto mark = line.find_last_of(",;:\t");
  if (mark == std::string_view::npos) return false;
  const std::string word(trimmed(line.substr(mark + 1)));
  if (word.empty() || !number_of(word)) return false;
  entry.number = number_of(word);
  line = line.substr(0, mark);
  return true;
}

bool take_bullet(std::string_view& line, Entry&) {
  const std::string_view text = trimmed(line);
  if (!text.starts_with("- ")) return false;
  line = text.substr(2);
  return true;
}

// Whether numbers that stand beside all names can be those of classes: years, say, are part of the names.
bool counts_from_the_first(const Entries& entries) {
  const auto least = std::min_element(entries.begin(), entries.end(),
                                      [](const Entry& a, const Entry& b) { return a.number < b.number; });
  return *least->number <= 1;
}

template <typename Take>
bool take_numbers(Lines& lines, Entries& entries, Take take) {
  const Lines before = lines;
  const Entries unnumbered = entries;
  if (!take_column(lines, entries, take)) return false;
  if (counts_from_the_first(entries)) return true;
  lines = before;
  entries = unnumbered;
  return false;
}

bool looks_like_json(const std::vector<std::string>& text) {
  return !text.empty() && (text.front().starts_with('{') || text.front().starts_with('[')) &&
         (text.back().ends_with('}') || text.back().ends_with(']'));
}

Entries entries_of_lines(const std::vector<std::string>& text) {
  Lines lines(text.begin(), text.end());
  Entries entries(lines.size());
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].where = "line " + std::to_string(i + 1);
  if (looks_like_json(text)) {  // Python's dictionary or list, a class a line
    lines.front().remove_prefix(1);
    lines.back().remove_suffix(1);
    if (trimmed(lines.back()).empty())
      lines.pop_back(), entries.pop_back();  // brackets on lines of their own
    if (trimmed(lines.front()).empty()) lines.erase(lines.begin()), entries.erase(entries.begin());
  }
  take_column(lines, entries, take_bullet);
  const bool numbered = take_numbers(lines, entries, take_number);
  take_column(lines, entries, take_id);
  if (!numbered && !take_numbers(lines, entries, take_number))
    take_numbers(lines, entries, take_number_at_end);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].name = unquoted(lines[i]);
  return entries;
}

bool is_flat(const json& value) {
  return value.is_structured() && !value.empty() &&
         std::none_of(value.begin(), value.end(), [](const json& part) { return part.is_structured(); });
}

// A part of what JSON says of a class: its number, its id or its name.
void take_value(const json& value, Entry& entry) {
  if (value.is_number_integer()) {
    entry.number = value.get<std::int64_t>();
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    std::string& place = wordnet_id(text) ? entry.id : entry.name;
    if (place.empty()) place = text;
  } else if (is_flat(value)) {
    if (value.is_object() && value.contains("name")) take_value(value["name"], entry);
    for (const json& part : value) take_value(part, entry);
  } else {
    throw InputError(entry.where + " is " + (value.is_structured() ? value.type_name() : value.dump()) +
                     ", which is neither a name nor a WordNet id with one");
  }
}

Entries entries_of_json(const json& document) {
  const bool wrapped = document.is_object() && document.size() == 1 && document.front().is_structured();
  const json& list = wrapped ? document.front() : document;  // {"classes": [...]}
  Entries entries;
  for (const auto& [key, value] : list.items()) {
    Entry entry;
    entry.where = "entry " + key;
    take_value(value, entry);
    if (list.is_object()) {
      const auto number = number_of(key);
      number ? static_cast<void>(entry.number = number) : take_value(key, entry);
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

void put_in_order(Entries& entries) {
  const auto is_numbered = [](const Entry& entry) { return entry.number.has_value(); };
  if (entries.empty() || !std::any_of(entries.begin(), entries.end(), is_numbered)) return;
  if (const auto bare = std::find_if_not(entries.begin(), entries.end(), is_numbered); bare != entries.end())
    throw InputError(bare->where + " has no number, unlike others");
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.number < b.number; });
  std::int64_t expected = *entries.front().number == 1 ? 1 : 0;
  const std::string rule = "; " + counted(entries.size(), "name") + " are numbered " +
                           std::to_string(expected) + " to " +
                           std::to_string(expected + std::ssize(entries) - 1);
  for (const Entry& entry : entries) {
    if (*entry.number < expected)
      throw InputError(entry.where + ": number " + std::to_string(*entry.number) +
                       (expected == 0 ? " is below 0" : " is there already") + rule);
    if (*entry.number > expected)
      throw InputError("number " + std::to_string(expected) + " is missing" + rule);
    ++expected;
  }
}

void check_ids(const Entries& entries) {
  for (const Entry& entry : entries)
    if (entry.id.empty() && wordnet_id(std::string_view(entry.name).substr(0, kIdLength)))
      throw InputError(entry.where +
                       " begins with a WordNet id, unlike others: write the ids of all, or none");
  for (std::size_t i = 1; i < entries.size(); ++i)
    if (!entries[i].id.empty() && entries[i].id <= entries[i - 1].id)
      throw InputError(entries[i].where + ": " + entries[i].id + " comes after " + entries[i - 1].id +
                       ", but ImageNet's classes are in ascending order of their WordNet ids: this list has "
                       "another order. Sort it by id; if the network was trained with this very order, "
                       "write the names without ids");
}

Entries entries_of(const std::vector<std::string>& lines) {
  if (!looks_like_json(lines)) return entries_of_lines(lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  json document;
  try {
    document = json::parse(text);
  } catch (const json::exception& e) {
    if (lines.size() > 1) return entries_of_lines(lines);
    throw InputError(std::string("neither names nor JSON: ") + e.what() + "; write a name a line");
  }
  return entries_of_json(document);
}

}  // namespace

std::optional<std::uint32_t> wordnet_id(std::string_view text) {
  std::uint32_t offset = 0;
  if (text.size() != kIdLength || text.front() != 'n') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + kIdLength, offset);
  if (error != std::errc() || end != text.data() + kIdLength) return std::nullopt;
  return offset;
}

std::vector<std::string> read_class_names(const std::filesystem::path& file) {
  std::vector<std::string> lines = read_lines(file), names;
  while (!lines.empty() && trimmed(lines.back()).empty()) lines.pop_back();
  try {
    if (is_pointer_file(file)) throw InputError(kNotFetched);
    Entries entries = entries_of(lines);
    take_ids_within(entries);
    put_in_order(entries);
    check_ids(entries);
    for (Entry& entry : entries) names.push_back(entry.name.empty() ? entry.id : entry.name);
  } catch (const InputError& e) {
    throw InputError(file.string() + ": " + e.what());
  }
  return names;
}

}  // namespace wcam
