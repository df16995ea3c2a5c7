#include "coordinator/study/select_file.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/base/error.h"
#include "common/base/utf8.h"
#include "common/command_line/suggestion.h"
#include "common/study/case_spec.h"
#include "common/study/perturbation.h"

namespace wcam {

namespace {

constexpr int kEvery = -1;  // variant or case

using Names = std::unordered_map<std::string, int>;

Names numbered(const std::vector<std::string>& names) {
  Names numbers;
  for (const std::string& name : names) numbers.emplace(name, static_cast<int>(numbers.size()));
  return numbers;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, '\t');) fields.push_back(field);
  if (line.back() == '\t') fields.emplace_back();
  return fields;
}

// (variant or kEvery, case or kEvery) -> number of the line that asks for it.
using Asked = std::map<std::pair<int, int>, std::size_t>;

// The line that already asks for a WCAM of this one's; 0: none. A line for every case is the first of its
// variant, one for everything the first of all.
std::size_t earlier_line(const Asked& asked, std::pair<int, int> wanted) {
  const auto [variant, case_index] = wanted;
  if (asked.empty()) return 0;
  if (variant == kEvery || asked.begin()->first.first == kEvery) return asked.begin()->second;
  const auto first = asked.lower_bound({variant, kEvery});
  const bool of_variant = first != asked.end() && first->first.first == variant;
  if (of_variant && (case_index == kEvery || first->first.second == kEvery)) return first->second;
  const auto same = asked.find(wanted);
  return same == asked.end() ? 0 : same->second;
}

std::vector<ListedWcam> list_of(const Asked& asked, std::size_t variants, std::size_t cases) {
  std::vector<ListedWcam> list;
  for (const auto& [what, unused] : asked) {
    const auto [variant, case_index] = what;
    const std::size_t v_end = variant == kEvery ? variants + 1 : static_cast<std::size_t>(variant) + 1;
    const std::size_t c_end = case_index == kEvery ? cases : static_cast<std::size_t>(case_index) + 1;
    for (auto v = static_cast<std::size_t>(std::max(variant, 0)); v < v_end; ++v)
      for (auto c = static_cast<std::size_t>(std::max(case_index, 0)); c < c_end; ++c)
        list.push_back({static_cast<std::uint16_t>(v), static_cast<std::uint16_t>(c)});
  }
  return list;
}

std::vector<std::string> with_source(const std::vector<std::string>& variants) {
  std::vector<std::string> all{std::string(kSourceVariant)};
  all.insert(all.end(), variants.begin(), variants.end());
  return all;
}

// What the file's words may be, by number.
class Vocabulary {
 public:
  Vocabulary(const std::vector<std::string>& images, const std::vector<std::string>& variants,
             const std::vector<std::string>& cases)
      : variants_(with_source(variants)),
        cases_(cases),
        images_(images.begin(), images.end()),
        variant_numbers_(numbered(variants_)),
        case_numbers_(numbered(cases_)) {
    for (const std::string& image : images) composed_.emplace(composed(image), image);
  }

  // The image's own name: the one given, or one that differs from it in how accents are written.
  const std::string& image(const std::string& name) const {
    if (const auto same = images_.find(name); same != images_.end()) return *same;
    const auto found = composed_.find(composed(name));
    if (found == composed_.end())
      throw InputError("no image '" + name +
                       "' among those of the sweep (below --images, less those left out)" +
                       (name.find(' ') == std::string::npos ? "" : "; fields are separated by tabs"));
    return found->second;
  }
  int variant(const std::string& name) const { return number(variant_numbers_, variants_, "variant", name); }
  int case_index(const std::string& name) const { return number(case_numbers_, cases_, "case", name); }

 private:
  static int number(const Names& numbers, const std::vector<std::string>& names, const std::string& kind,
                    const std::string& name) {
    const auto found = numbers.find(name);
    if (found == numbers.end())
      throw InputError("no " + kind + " '" + name + "' in this sweep" + but_known(name, names));
    return found->second;
  }

  std::vector<std::string> variants_, cases_;
  std::unordered_set<std::string> images_;
  std::unordered_map<std::string, std::string> composed_;  // their names
  Names variant_numbers_, case_numbers_;
};

// What has been read.
struct Listing {
  std::vector<std::string> images;
  std::vector<Asked> asked;                               // of images
  std::unordered_map<std::string, std::size_t> place_of;  // in images
};

void take_line(Listing& listing, const std::vector<std::string>& fields, std::size_t line,
               const Vocabulary& known) {
  if (fields.size() > 3)
    throw InputError(std::to_string(fields.size()) +
                     " fields; expected IMAGE, VARIANT and CASE, separated by tabs");
  const std::string& image = known.image(fields[0]);
  const std::pair wanted{fields.size() > 1 ? known.variant(fields[1]) : kEvery,
                         fields.size() > 2 ? known.case_index(fields[2]) : kEvery};
  const auto [place, is_new] = listing.place_of.emplace(image, listing.images.size());
  if (is_new) {
    listing.images.push_back(image);
    listing.asked.emplace_back();
  }
  Asked& asked = listing.asked[place->second];
  if (const std::size_t earlier = earlier_line(asked, wanted))
    throw InputError("asks again for what line " + std::to_string(earlier) + " asks for");
  asked.emplace(wanted, line);
}

Listing listing_of(const std::filesystem::path& file, const Vocabulary& known) {
  Listing listing;
  std::size_t number = 0;
  for (const std::string& line : read_lines(file)) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    try {
      take_line(listing, fields_of(line), number, known);
    } catch (const InputError& e) {
      throw InputError(file.string() + ":" + std::to_string(number) + ": " + e.what());
    }
  }
  if (listing.images.empty()) throw InputError(file.string() + " lists no image");
  return listing;
}

}  // namespace

SelectFile read_select_file(const std::filesystem::path& file, const std::vector<std::string>& images,
                            const std::vector<std::string>& variants, const std::vector<std::string>& cases) {
  Listing listing = listing_of(file, Vocabulary(images, variants, cases));
  SelectFile result;
  SelectionSettings& selection = result.selection;
  selection.rule = SelectionRule::kListed;
  selection.sample_size = static_cast<int>(listing.images.size());
  std::map<std::vector<ListedWcam>, std::uint32_t> places;  // of a list in selection.lists
  for (const Asked& asked : listing.asked) {
    const auto [entry, is_new] = places.emplace(list_of(asked, variants.size(), cases.size()),
                                                static_cast<std::uint32_t>(selection.lists.size()));
    if (is_new) selection.lists.push_back(entry->first);
    selection.list_of_image.push_back(entry->second);
  }
  result.images = std::move(listing.images);
  return result;
}

}  // namespace wcam
