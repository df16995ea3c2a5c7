// Which class each image of a study shows.
#pragma once

#include <filesystem>

#include "common/study/plan.h"
#include "coordinator/study/study_request.h"

namespace wcam {

// Sets PlannedImage::true_label of every image. `labels` is a file with a line an image, its path below the
// images' folder (or its name there, where no other image has it) and its label, separated by a tab, or by
// the line's last comma or space; '#' begins a comment. kLabelsInNames: labels are in the images' names
// (label_in_name()). A label is a WordNet id, a name or a number of a class, as ClassLabels reads it. Throws
// InputError: a file that cannot be read, an image without a label, a label that is no class of some case or
// not the same class in all. Says where class names seem to be in another order than classes.
void set_true_labels(Plan& plan, const std::filesystem::path& labels, const Say& say);

}  // namespace wcam
