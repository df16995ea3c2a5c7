// Which plan a command is about: the one its options ask for, the one in its sweep, and whether they agree.
#pragma once

#include <boost/program_options/variables_map.hpp>
#include <optional>

#include "common/base/sweep_directory.h"
#include "common/study/plan.h"

namespace wcam {

// The plan asked for (study_request.h); nullopt when `sweep`'s own (if there is any) is to be resumed, that
// is, without --images, --variants, --models or any other option of the study. Throws UsageError for any
// other mixture and for a sweep inside the folders of images, variants or overlays, and what make_plan()
// throws. What it has to say goes to stderr.
std::optional<Plan> asked_plan(const boost::program_options::variables_map& values,
                               const std::optional<SweepDirectory>& sweep);

// The plan to follow, checked: the one asked for, if it is the sweep's; the sweep's own if none is asked for.
// Writes nothing. Throws UsageError when there is none, InputError listing what differs, when the sweep's
// images are gone, and when a plan does not fit a message to a worker.
Plan agreed_plan(const SweepDirectory& sweep, const std::optional<Plan>& asked);

// agreed_plan(), written to the sweep's directory. Files may have moved: that changes no number, and the
// latest places are kept.
Plan settle_plan(const SweepDirectory& sweep, const std::optional<Plan>& asked);

}  // namespace wcam
