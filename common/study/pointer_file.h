// What stands in the place of a file whose content was not fetched.
#pragma once

#include <filesystem>
#include <string_view>

namespace wcam {

// Whether that is all a file holds: what Git LFS and git-annex leave, a line or some of text.
bool is_pointer_text(std::string_view content);
bool is_pointer_file(const std::filesystem::path& file);

inline constexpr const char* kFetchesContent = "git annex get, dvc pull or git lfs pull";
inline constexpr const char* kNotFetched =
    "its content is not here: fetch it (git annex get, dvc pull or git lfs pull)";

}  // namespace wcam
