// What a user asks for by name, or by the end of a name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/store/records.h"

namespace wcam {

// Whether a name is the one asked for, or one of both ends in the other after a '/': "jpeg/5" of
// "corruptions/jpeg/5"; a whole name, if there is one, goes before. Nothing asked for: every name fits.
class AskedName {
 public:
  // name: &ProfileRow::image or &ProfileRow::variant.
  AskedName(std::optional<std::string> asked, const std::vector<ProfileRow>& profiles,
            std::string ProfileRow::*name);

  bool fits(const ProfileRow& row) const;
  // "; did you mean 'jpeg/5'?": what may have been meant, where no row fits; else "".
  std::string guess(const std::vector<ProfileRow>& rows) const;

 private:
  std::optional<std::string> asked_;
  std::string ProfileRow::*name_;
  bool whole_;
};

}  // namespace wcam
