#include "plotting/asked_name.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/command_line/suggestion.h"

namespace wcam {

AskedName::AskedName(std::optional<std::string> asked, const std::vector<ProfileRow>& profiles,
                     std::string ProfileRow::*name)
    : asked_(std::move(asked)),
      name_(name),
      whole_(std::any_of(profiles.begin(), profiles.end(),
                         [&](const auto& row) { return asked_ && row.*name == *asked_; })) {}

// Names as long as the one asked for, counted in '/'.
std::string AskedName::guess(const std::vector<ProfileRow>& rows) const {
  if (!asked_ || std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return fits(row); })) return "";
  std::set<std::string> ends;
  for (const ProfileRow& row : rows) {
    std::string end = row.*name_;
    for (auto more =
             std::count(end.begin(), end.end(), '/') - std::count(asked_->begin(), asked_->end(), '/');
         more > 0; --more)
      end.erase(0, end.find('/') + 1);
    ends.insert(end);
  }
  return did_you_mean(*asked_, {ends.begin(), ends.end()});
}

bool AskedName::fits(const ProfileRow& row) const {
  const std::string& name = row.*name_;
  return !asked_ || name == *asked_ ||
         (!whole_ && (name.ends_with("/" + *asked_) || asked_->ends_with("/" + name)));
}

}  // namespace wcam
