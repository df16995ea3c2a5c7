#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <optional>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/utf8.h"
#include "common/command_line/options.h"
#include "common/study/case_spec.h"
#include "common/study/plan.h"
#include "worker/commands/commands.h"
#include "worker/corruption/corruption.h"
#include "worker/corruption/corruption_sheet.h"
#include "worker/images/png.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam corrupt IMAGE (--name NAME --severity 1..5 | --sheet) --out X.png [options]";
  line.about =
      "One of ImageNet-C's corruptions of an image, or a sheet of them all. The pixels are those that a\n"
      "sweep of the same seed, resize and input size explains.";
  line.example = "wcam corrupt cat.jpg --name motion-blur --severity 3 --out cat-motion-3.png";
  const CaseSpec d;
  line.options.add_options()  //
      ("image", po::value<std::string>()->value_name("FILE")->required(),
       "the image (may be given without --image)")                                                        //
      ("name", po::value<std::string>(), "the corruption, as in --corruptions of wcam run")               //
      ("severity", po::value<int>(), "1 to 5")                                                            //
      ("sheet", po::bool_switch(), "every corruption at every severity, as one picture")                  //
      ("out", po::value<std::string>()->value_name("FILE")->required(), "PNG file to write")              //
      ("seed", po::value<std::string>()->default_value(std::to_string(Plan{}.seed)), "the sweep's seed")  //
      ("resize", po::value<int>()->default_value(d.resize), "shorter side before the centre crop")        //
      ("input-size", po::value<int>()->default_value(d.input_size), "side of the centre crop")            //
      ("no-resize", po::bool_switch(), "take the image as it is")                                         //
      ("frost-overlays", po::value<std::string>()->value_name("DIR"),
       "folder of photographs of frosted glass, for frost");
  line.positional.add("image", 1);
  return line;
}

// nullopt: the sheet.
std::optional<Variant> variant_of(const po::variables_map& values) {
  const bool named = values.contains("name") || values.contains("severity");
  if (values["sheet"].as<bool>() == named) throw UsageError("give either --name and --severity, or --sheet");
  if (!named) return std::nullopt;
  if (!values.contains("name") || !values.contains("severity"))
    throw UsageError("--name and --severity belong together");
  return Variant{"corruptions", canonical_corruption(values["name"].as<std::string>()),
                 in_range(values, "severity", kLowestSeverity, kHighestSeverity)};
}

fs::path output_of(const po::variables_map& values, const fs::path& image) {
  const fs::path out = values["out"].as<std::string>();
  if (out.extension() != ".png") throw UsageError("--out " + out.string() + " must end in .png");
  check_can_write(out);
  std::error_code none;
  if (fs::equivalent(image, out, none))
    throw UsageError("--out " + out.string() + " would replace the file given as --image");
  return out;
}

RgbImage pixels_of(const fs::path& file, const po::variables_map& values) {
  const int input_size = in_range(values, "input-size", kSmallestInput, kLargestInput);
  const int resize = in_range(values, "resize", input_size, kLargestResize);
  RgbImage image = decode_image(file);
  return values["no-resize"].as<bool>() ? image : resize_and_crop(image, resize, input_size);
}

RgbImage sheet_of(const RgbImage& clean, const CorruptionKey& key, const FrostOverlays& overlays) {
  std::vector<std::string> names = corruption_names();
  if (overlays.size() == 0) std::erase(names, "frost");
  RgbImage sheet = corruption_sheet(clean, names, key, overlays);
  if (overlays.size() == 0)
    std::fprintf(stderr,
                 "without frost: name a folder of photographs of frosted glass with --frost-overlays\n");
  return sheet;
}

}  // namespace

ExitCode corrupt_command(const std::vector<std::string>& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  const fs::path file = (*values)["image"].as<std::string>();
  const std::optional<Variant> variant = variant_of(*values);
  const fs::path out = output_of(*values, file);
  FrostOverlays overlays;
  if (values->contains("frost-overlays") && variant && variant->name != "frost")
    throw UsageError("--frost-overlays is of no use: --name is not frost");
  if (values->contains("frost-overlays"))
    overlays = frost_overlays_in((*values)["frost-overlays"].as<std::string>());

  const RgbImage clean = pixels_of(file, *values);
  const CorruptionKey key{seed_of(*values), sha256_of_file(file)};
  const RgbImage picture = variant ? corrupt(clean, *variant, key, overlays) : sheet_of(clean, key, overlays);
  write_file_atomically(out, encode_png(picture));
  std::printf("%s\n", out.c_str());
  return ExitCode::kDone;
}

}  // namespace wcam
