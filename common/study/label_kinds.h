// Which class a WCAM explains. One class may be several of these at once: what a case predicts for a variant
// that does not affect it is what it predicts for the source.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

namespace wcam {

enum class LabelKind : std::uint8_t {
  kPredicted,  // what the case predicts for the variant: what the published study explains
  kSource,     // what the case predicts for the unaltered image
  kTrue,       // what the image shows, where the plan knows it (PlannedImage::true_label)
};
inline constexpr std::initializer_list<LabelKind> kLabelKinds{LabelKind::kPredicted, LabelKind::kSource,
                                                              LabelKind::kTrue};
std::string to_string(LabelKind kind);

// A set of them.
class LabelKinds {
 public:
  constexpr LabelKinds() = default;
  constexpr LabelKinds(std::initializer_list<LabelKind> kinds) {
    for (const LabelKind kind : kinds) insert(kind);
  }
  constexpr void insert(LabelKind kind) { bits_ |= bit(kind); }
  constexpr bool contains(LabelKind kind) const { return (bits_ & bit(kind)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  int size() const;
  // The first in the order of LabelKind, of a set that is not empty: what a job is called by.
  LabelKind first() const;
  bool operator==(const LabelKinds&) const = default;

 private:
  static constexpr std::uint8_t bit(LabelKind kind) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
  }
  std::uint8_t bits_ = 0;
};

// "predicted,source": in the order of LabelKind.
std::string to_string(LabelKinds kinds);
// Reads that back, in any order; nothing of an empty text. Throws InputError naming a word that is none of
// them.
LabelKinds parse_label_kinds(const std::string& text);

}  // namespace wcam
