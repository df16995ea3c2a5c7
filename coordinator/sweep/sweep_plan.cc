#include "coordinator/sweep/sweep_plan.h"

#include <boost/program_options/options_description.hpp>
#include <iostream>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/printable.h"
#include "common/study/sweep_options.h"
#include "coordinator/study/enumerate.h"
#include "coordinator/study/study_request.h"
#include "coordinator/sweep/sweep_folder.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

// Its figures would be taken for images, variants or overlays at the next run.
void refuse_sweep_among_images(const std::filesystem::path& sweep, const std::filesystem::path& images) {
  if (!images.empty() && lies_in(sweep, images))
    throw UsageError("--sweep " + sweep.string() + " lies in the folder of images, " + images.string() +
                     ": its figures would be taken for images; put it elsewhere");
}

void refuse_another_plan(const Plan& in_sweep, const Plan& asked, const SweepDirectory& sweep) {
  const std::vector<std::string> lines = differences(in_sweep, asked);
  if (lines.empty()) return;
  throw InputError(
      sweep.root.string() +
      " holds another sweep; use another --sweep, what made it, or --extend to add to it:" + indented(lines));
}

}  // namespace

std::optional<Plan> asked_plan(const po::variables_map& values, const std::optional<SweepDirectory>& sweep) {
  const StudyRequest request = study_request(values);
  if ((request.images.empty() && request.variants.empty()) != request.models.empty())
    throw UsageError(
        "--images (or --variants) and --models go together: both to make or check a sweep, neither to "
        "resume it");
  if (!request.models.empty()) {
    for (const auto& folder : {request.images, request.variants, request.frost_overlays})
      if (sweep) refuse_sweep_among_images(sweep->root, folder);
    return make_plan(request,
                     [](const std::string& line) { std::cerr << printable_lines(line) << std::endl; });
  }
  const po::options_description study = study_options();
  for (const auto& option : study.options()) {
    const auto& value = values[option->long_name()];
    if (!value.empty() && !value.defaulted())
      throw UsageError(
          "--" + option->long_name() +
          " says what to compute: give --images and --models too, or leave it out to resume the sweep");
  }
  return std::nullopt;
}

Plan agreed_plan(const SweepDirectory& sweep, const std::optional<Plan>& asked) {
  const std::optional<Plan> stored = stored_plan(sweep);
  if (!stored && !asked)
    throw UsageError("--images and --models are needed: " + sweep.root.string() +
                     " holds no sweep to resume");
  if (stored) check(*stored);
  std::optional<Plan> same = asked;
  if (stored && asked) {
    same = in_order_of(*stored, *asked);
    same->earlier = stored->earlier;
    refuse_another_plan(*stored, *same, sweep);
  }
  const auto gone = [](const std::filesystem::path& folder) {
    return !folder.empty() && !std::filesystem::is_directory(folder);
  };
  if (!asked && gone(stored->variants_root))
    throw InputError("the variants of " + sweep.root.string() + " are no longer in " +
                     stored->variants_root.string() + ": repeat the sweep's command with the new places");
  if (!asked && gone(stored->frost_root))
    throw InputError("the frost overlays of " + sweep.root.string() + " are no longer in " +
                     stored->frost_root.string() + ": repeat the sweep's command with the new place");
  if (!asked && gone(stored->images_root))
    throw InputError("the images of " + sweep.root.string() + " are no longer in " +
                     stored->images_root.string() + ": give --images and --models with the new places");
  const Plan plan = same ? *same : *stored;
  check(plan);
  check_fits_message(plan);
  return plan;
}

Plan settle_plan(const SweepDirectory& sweep, const std::optional<Plan>& asked) {
  const Plan plan = agreed_plan(sweep, asked);
  const std::string text = to_json_text(plan);
  const std::optional<Plan> stored = stored_plan(sweep);
  if (!stored || to_json_text(*stored) != text) write_file_atomically(sweep.plan(), text);
  return plan;
}

}  // namespace wcam
