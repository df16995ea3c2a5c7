#include "common/store/records.h"

#include <array>

#include "common/base/error.h"

namespace wcam {

namespace {
constexpr std::array<const char*, 3> kRoles{"source", "altered", "unaffected"};  // by value of Role
}

std::string to_string(Role role) { return kRoles.at(static_cast<std::size_t>(role)); }

Role parse_role(const std::string& text) {
  for (std::size_t i = 0; i < kRoles.size(); ++i)
    if (text == kRoles[i]) return static_cast<Role>(i);
  throw InputError("role '" + text + "' is none of source, altered, unaffected");
}

LabelKinds published_labels(Role role) {
  return role == Role::kAltered ? LabelKinds{LabelKind::kPredicted}
                                : LabelKinds{LabelKind::kPredicted, LabelKind::kSource};
}

}  // namespace wcam
