#include "plotting/gallery/gallery_index.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>

#include "common/base/version.h"
#include "common/study/case_spec.h"
#include "common/study/case_title.h"
#include "common/study/perturbation.h"
#include "plotting/design_text.h"

namespace wcam {

namespace {

using Json = nlohmann::json;

// Texts that many rows share, each once.
class Texts {
 public:
  std::size_t number(const std::string& text) {
    const auto [found, added] = numbers_.try_emplace(text, list_.size());
    if (added) list_.push_back(text);
    return found->second;
  }
  const Json& list() const { return list_; }

 private:
  std::map<std::string, std::size_t> numbers_;
  Json list_ = Json::array();
};

std::string hex(const Rgb& colour) {
  return fmt::format("{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue);
}

Json colours() {
  Json colours;
  for (const Rgb& colour : colour_table(ColourMap::kInk)) colours.push_back(hex(colour));
  return colours;
}

// "motion-blur" and "3" of "corruptions/motion-blur/3"; no severity of "editing/background_20".
std::pair<std::string, std::string> kind_and_severity(const std::string& variant) {
  std::string name = variant.substr(variant.find('/') + 1);
  const auto last = name.rfind('/');
  if (last == std::string::npos) return {name, ""};
  return {name.substr(0, last), name.substr(last + 1)};
}

// Columns of the maps.
class Maps {
 public:
  explicit Maps(SweepReader& sweep) : sweep_(sweep) {
    const auto& cases = sweep.plan().cases;
    const std::vector<std::string> titles = case_titles(cases, &CaseSpec::name);
    for (std::size_t i = 0; i < cases.size(); ++i) titles_.emplace(cases[i].name, titles[i]);
  }

  void add(std::size_t row) {
    const ProfileRow& profile = sweep_.profiles()[row];
    const CaseSpec& spec = sweep_.plan().find_case(profile.case_name);
    columns_["job"].push_back(fmt::format("{:016x}", static_cast<std::uint64_t>(profile.job)));
    columns_["case"].push_back(cases_.number(titles_.at(profile.case_name)));
    columns_["role"].push_back(roles_.number(to_string(profile.role)));
    columns_["explained"].push_back(labels_.number(to_string(profile.explained)));
    columns_["class"].push_back(classes_.number(class_name(spec.classes, profile.label)));
    columns_["replicate"].push_back(profile.replicate);
    columns_["doubts"].push_back(doubts_.number(profile.doubts));
    const SweepReader::Predicted* known = sweep_.predicted(profile);
    const auto true_label = sweep_.plan().find_image(profile.image).true_label;
    columns_["predicted"].push_back(classes_.number(known ? class_name(spec.classes, known->label) : ""));
    columns_["wrong"].push_back(known != nullptr && true_label && known->label != *true_label ? 1 : 0);
    Json percent;  // null: not known
    if (known != nullptr && std::isfinite(known->probability))
      percent = std::round(1000 * static_cast<double>(known->probability)) / 10;
    columns_["percent"].push_back(std::move(percent));
  }

  void put_into(Json& index) const {
    index["maps"] = columns_;
    index["cases"] = cases_.list();
    index["roles"] = roles_.list();
    index["labels"] = labels_.list();
    index["classes"] = classes_.list();
    index["doubts"] = doubts_.list();
  }

 private:
  SweepReader& sweep_;
  std::map<std::string, std::string> titles_;  // by the case's name
  Json columns_ = Json::object();
  Texts cases_, roles_, labels_, classes_, doubts_;
};

}  // namespace

GalleryOrder gallery_order(std::span<const ProfileRow> profiles, std::span<const std::string> variants) {
  std::map<std::string, std::size_t> position;
  position.emplace(kSourceVariant, 0);
  for (const std::string& variant : variants) position.emplace(variant, position.size());
  const auto key = [&](std::size_t row) {
    const auto found = position.find(profiles[row].variant);
    return std::tuple(profiles[row].rank, std::string_view(profiles[row].image),
                      found == position.end() ? position.size() : found->second,
                      std::string_view(profiles[row].variant));
  };
  GalleryOrder order;
  order.rows.resize(profiles.size());
  std::iota(order.rows.begin(), order.rows.end(), std::size_t{0});
  std::stable_sort(order.rows.begin(), order.rows.end(),
                   [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  for (std::size_t i = 0; i < order.rows.size(); ++i) {
    if (i == 0 || key(order.rows[i]) != key(order.rows[i - 1])) order.groups.push_back({i, 0});
    ++order.groups.back().count;
  }
  return order;
}

GalleryScale::GalleryScale(std::size_t values) : kept_(values / 100 + 1) {}

void GalleryScale::add(std::span<const float> map) {
  for (const float value : map) {
    if (!std::isfinite(value)) continue;
    low_ = top_.empty() ? static_cast<double>(value) : std::min(low_, static_cast<double>(value));
    largest_ = top_.empty() ? static_cast<double>(value) : std::max(largest_, static_cast<double>(value));
    if (top_.size() == kept_ && value <= top_.top()) continue;
    top_.push(value);
    if (top_.size() > kept_) top_.pop();
  }
}

ColourRange GalleryScale::range() const {
  return top_.empty() ? ColourRange{} : ColourRange{low_, static_cast<double>(top_.top())};
}

bool GalleryScale::cut() const { return largest_ > range().high; }

Json gallery_index(SweepReader& sweep, const GalleryOrder& order, const GalleryScale& scale) {
  const ProfileRow& first = sweep.profiles().front();
  Json index{{"program", std::string("wcam ") + kVersion},
             {"sweep", sweep.name()},
             {"quantity", sweep.quantity()},
             {"design", design_text(sweep.plan().wcam, static_cast<double>(first.forward_equivalents))},
             {"grid", sweep.plan().wcam.grid},
             {"factors", sweep.plan().wcam.estimator == Estimator::kGradient},
             {"levels", sweep.plan().wcam.levels},
             {"side", sweep.plan().input_size()},
             {"colours", colours()},
             {"scale", {{"low", scale.range().low}, {"high", scale.range().high}, {"cut", scale.cut()}}}};
  Texts images, variants;
  Json true_classes = Json::array(), kinds = Json::array(), severities = Json::array();
  Json groups{{"first", Json::array()}, {"image", Json::array()}, {"variant", Json::array()}};
  Maps maps(sweep);
  for (const GalleryGroup& group : order.groups) {
    const ProfileRow& profile = sweep.profiles()[order.rows[group.first]];
    groups["first"].push_back(group.first);
    groups["image"].push_back(images.number(profile.image));
    if (images.list().size() > true_classes.size()) true_classes.push_back(sweep.true_class(profile.image));
    groups["variant"].push_back(variants.number(readable_variant(profile.variant)));
    if (variants.list().size() > kinds.size()) {
      const auto [kind, severity] = kind_and_severity(profile.variant);
      kinds.push_back(kind);
      severities.push_back(severity);
    }
    for (std::size_t i = group.first; i < group.first + group.count; ++i) maps.add(order.rows[i]);
  }
  index["groups"] = std::move(groups);
  index["images"] = images.list();
  index["true"] = std::move(true_classes);
  index["variants"] = variants.list();
  index["kinds"] = std::move(kinds);
  index["severities"] = std::move(severities);
  maps.put_into(index);
  return index;
}

}  // namespace wcam
