// Stand-in until common/store/records.cc is in the tree; weak, so that the real ones win.
#include "common/error.h"
#include "common/store/records.h"

namespace wcam {

__attribute__((weak)) std::string to_string(Role role) {
  static constexpr const char* kNames[] = {"source", "altered", "unaffected"};
  return kNames[static_cast<std::size_t>(role)];
}

__attribute__((weak)) Role parse_role(const std::string& text) {
  for (const Role role : {Role::kSource, Role::kAltered, Role::kUnaffected})
    if (to_string(role) == text) return role;
  throw InputError("'" + text + "' is not a role");
}

}  // namespace wcam
