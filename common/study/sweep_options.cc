#include "common/study/sweep_options.h"

#include <boost/program_options/value_semantic.hpp>
#include <string>

#include "common/study/plan.h"
#include "common/study/wcam_options.h"

namespace po = boost::program_options;

namespace wcam {

po::options_description serve_options() {
  const auto number = [](int value) { return po::value<int>()->default_value(value); };
  po::options_description options("How");
  options.add_options()  //
      ("bind", po::value<std::string>()->default_value("tcp://127.0.0.1:*"),
       "where to listen: an address, an interface, as tcp://ib0:*, or * for all; port * is any free one")  //
      ("http", po::value<std::string>(),
       "serve a page that shows how far the sweep is, e.g. on 127.0.0.1:8080; port * is any free one")  //
      ("http-insecure", po::bool_switch(),
       "let that page be read beyond this machine, unencrypted, by whoever connects")                     //
      ("lease-seconds", number(30), "silence after which a worker's jobs go to others, 1 to 86400")       //
      ("max-attempts", number(3), "failures, or lost workers, after which a job is set aside, 1 to 100")  //
      ("speculate", po::bool_switch(),
       "a worker that has nothing to do also tries jobs that take others unusually long")  //
      ("prepare", po::bool_switch(),
       "write the plan and the keys, begin nothing; refused when all is done")  //
      ("hand-over", po::bool_switch(),
       "SIGTERM ends at once and leaves the workers to the next coordinator: for a batch system that starts "
       "it again")  //
      ("verbose", po::bool_switch(), "log more");
  return options;
}

po::options_description study_options() {
  const Plan d;
  const auto text = [] { return po::value<std::string>(); };
  const auto number = [](int value) { return po::value<int>()->default_value(value); };
  po::options_description options("What to compute");
  options.add_options()  //
      ("images", text()->value_name("DIR"),
       "folder of images; without it and --models, the sweep's own plan is resumed")                     //
      ("models", text()->value_name("FILE"), "models.json: the classifiers")                             //
      ("cases", text(), "names of models, comma-separated, in the order of the figures' columns (all)")  //
      ("perturbation", text()->default_value(d.perturbation),
       "corruptions|imagenet-c|editing|folders")                                   //
      ("corruptions", text(), "comma-separated; all: every one (the study's 14)")  //
      ("frost-overlays", text()->value_name("DIR"),
       "folder of photographs of frosted glass, for the corruption frost")  //
      ("severities", text(), "comma-separated subset of 1 to 5 (all)")      //
      ("select", po::value<std::string>()->default_value("published"),
       "published|all: images of which some variant changes the prediction of every case, or every image, "
       "variant and case")  //
      ("select-file", text()->value_name("FILE"),
       "explain what this file lists: IMAGE [tab VARIANT [tab CASE]] a line")  //
      ("sample-size", po::value<int>(),
       ("images explained, 1 to 1000000 (" + std::to_string(d.selection.sample_size) +
        "; with --select all: every image)")
           .c_str())  //
      ("max-altered", po::value<int>(),
       ("altered variants explained per image, 1 to 100 (" + std::to_string(d.selection.max_altered) + ")")
           .c_str())  //
      ("max-unaffected", po::value<int>(),
       ("unaffected variants explained per image and case, 0 to 100 (" +
        std::to_string(d.selection.max_unaffected) + ")")
           .c_str())  //
      ("controls", text(),
       "matched: for every altered variant an unaffected one of the same severity, else the nearest")  //
      ("explain", text()->default_value(to_string(d.explain)),
       "for which labels: predicted, source (what is predicted for the unaltered image), true, with "
       "commas")  //
      ("replicates", number(d.replicates),
       ("independent designs that each WCAM is computed with, 1 to " + std::to_string(kMostReplicates))
           .c_str())  //
      ("labels", text()->value_name("FILE"),
       "true labels, IMAGE tab LABEL a line; folders: the folder or file of each image is named by its "
       "class")                                                                                       //
      ("only-correct", po::bool_switch(), "explain images alone that every case classifies rightly")  //
      ("extend", po::bool_switch(),
       "add to a sweep that is there what these options name: options left out are as they were")  //
      ("seed", text()->default_value(std::to_string(d.seed)),
       "of the order of images, the choice of variants and the noise of corruptions");
  options.add_options()  //
      ("variants", text()->value_name("DIR"),
       "folder of variants, for every perturbation but corruptions (docs/variants.md)")                //
      ("variant-names", text(), "comma-separated subset of editing's or folders' variants (all)")      //
      ("source-name", text(), "which folder in --variants holds the unaltered images (editing: ori)")  //
      ("skip-incomplete", po::bool_switch(), "leave out images that a variant lacks, instead of refusing");
  options.add(wcam_options());
  return options;
}

}  // namespace wcam
