// What stands in the place of a file whose content was not fetched.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace wcam {

// Whether that is all a file holds: what Git LFS and git-annex leave, a line or some of text.
bool is_pointer_text(std::string_view content);
bool is_pointer_file(const std::filesystem::path& file);

inline const std::string kFetchesContent = "git annex get, dvc pull or git lfs pull";
inline const std::string kNotFetched = "its content is not here: fetch it (" + kFetchesContent + ")";

}  // namespace wcam
