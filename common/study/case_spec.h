// The classifiers of a study, as the user's models.json names them (format: docs/models.md).
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

namespace wcam {

// One trained classifier: TorchScript, input float32 [N, 3, input_size, input_size] RGB normalised by us as
// (x - mean) / std with x in [0, 1], output logits float32 [N, classes].
struct CaseSpec {
  std::string name;            // letters, digits, '_', '-'
  std::filesystem::path file;  // as given, joined to the folder of models.json
  std::string sha256;          // of the file; checked against the one given, if one is
  int input_size = 224;        // pixels a side
  int resize = 256;            // the shorter side is resized to this before the centre crop; >= input_size
  std::array<double, 3> mean{0.485, 0.456, 0.406}, std{0.229, 0.224, 0.225};
  std::vector<std::string> classes;  // names in the order of the logits; empty: numbers are shown

  bool operator==(const CaseSpec&) const = default;
};

// Reads and validates models.json, and hashes and checks the files of the cases that are wanted (none named:
// all); of the others it is not asked whether they are there. Throws InputError naming file, entry and key:
// unknown or repeated key or name, missing file, another SHA-256, a value out of range.
std::vector<CaseSpec> read_models_json(const std::filesystem::path& file,
                                       const std::vector<std::string>& wanted = {});

// "note: cases one and two are one network: both name net.pt": a line for each case whose file an earlier one
// has too. It may be meant, and is more often a slip.
std::vector<std::string> notes_of_twins(const std::vector<CaseSpec>& cases);

// The lines of a text file, without line ends and a byte order mark. Throws InputError, naming the line that
// is not UTF-8.
std::vector<std::string> read_lines(const std::filesystem::path& file);

inline constexpr int kSmallestInput = 32, kLargestInput = 2048, kLargestResize = 4096;

// input_size 32..2048, resize input_size..4096; `where` goes before the name of the one that is wrong. Throws
// InputError.
void check_sizes(int input_size, int resize, const std::string& where);

// With what of mean and std is of pixels from 0 to 255 made to be of pixels from 0 to 1: a mean above 1, a
// std of 1 (Caffe's, beside such a mean) or more.
CaseSpec over_255(CaseSpec spec);

// Why mean and std cannot be of pixels from 0 to 1, to which they are applied, and what seems to be meant;
// empty: they can.
std::string normalisation_problem(const CaseSpec& spec);

// "tiger cat" for 282 when names are known, else "282". The first of several synonyms, as figures show it.
std::string class_name(const std::vector<std::string>& classes, std::int64_t label);

}  // namespace wcam
