// The names of a network's classes, in the files that people have of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wcam {

// The names in the order of the logits. Forms that are known: a name a line; before each name its number from
// 0 or 1, its WordNet id, or both, or the number after it; a first line that says what the columns are; JSON
// and Python's dictionaries, by number, by id or in order. Numbers decide the order; WordNet ids must ascend,
// as ImageNet's classes do. A class without a name has its id. Throws InputError naming file, line and value.
std::vector<std::string> read_class_names(const std::filesystem::path& file);

// 1440764 of "n01440764"; nullopt when the text is no such id.
std::optional<std::uint32_t> wordnet_id(std::string_view text);

}  // namespace wcam
