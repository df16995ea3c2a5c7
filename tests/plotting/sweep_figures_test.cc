// Figures from files: a sweep whose images and models never existed, and the wcam-plot program itself.
#include "plotting/sweep_figures.h"

#include <gtest/gtest.h>
#include <spdlog/fmt/fmt.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <stdexcept>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/store/segment.h"
#include "common/study/plan.h"
#include "plotting/lone_wcam.h"
#include "plotting/page_layout.h"
#include "tests/plotting/pdf_words.h"
#include "tests/plotting/sample_figures.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

constexpr int kGrid = 8, kSide = 32;

Plan sample_plan() {
  Plan plan;
  plan.images = {{"cats/a.jpg", std::string(64, 'a')}, {"cats/b.jpg", std::string(64, 'b')}};
  plan.variants = {"corruptions/contrast/5", "corruptions/jpeg/1"};
  for (const std::string name : {"sin", "baseline"}) {  // the plan's order, not the alphabet's
    CaseSpec spec;
    spec.name = name;
    spec.file = "/nowhere/" + name + ".pt";
    spec.sha256 = std::string(64, 'c');
    spec.input_size = kSide;
    spec.resize = kSide;
    spec.classes = {"tabby, tabby cat", "lynx"};
    plan.cases.push_back(spec);
  }
  plan.wcam.grid = kGrid;
  plan.images_root = "/nowhere";
  return plan;
}

struct Rows {
  std::vector<ProfileRow> profiles;
  std::vector<PredictionRow> predictions;
  std::vector<ImageRow> images;
};

// Adds an explained variant and its pixels.
void explain(Rows& rows, std::uint32_t rank, const std::string& case_name, Role role,
             const std::string& variant) {
  ProfileRow row;
  row.image = sample_plan().images[rank].path;
  row.perturbation = "corruptions";
  row.variant = variant;
  row.case_name = case_name;
  row.job = explain_job_id(row.image, variant, case_name);
  row.attempt = Attempt{1};
  row.role = role;
  row.rank = rank;
  row.label = role == Role::kAltered ? 1 : 0;
  row.wcam = test::sample_map(kGrid, static_cast<int>(rows.profiles.size()) + 1).cells;
  row.standard_error = std::vector<float>(row.wcam.size(), 0.01f);
  row.outputs = std::vector<float>(16, 1.0f);
  row.level_share = row.level_contributions = std::vector<float>(4, 0.25f);
  row.spectral_profile = std::vector<float>(10, 0.1f);
  row.device = "cpu";
  row.estimator = "jansen-total";
  rows.profiles.push_back(row);
  rows.images.push_back(
      {row.image, variant, kSide, test::sample_picture(kSide, static_cast<int>(rank) * 90).rgb});
}

void predict(Rows& rows, std::uint32_t rank, const std::string& case_name,
             const std::vector<std::int64_t>& labels) {
  std::vector<std::string> variants = sample_plan().variants;
  variants.insert(variants.begin(), "source");
  for (std::size_t i = 0; i < variants.size(); ++i) {
    PredictionRow row;
    row.image = sample_plan().images[rank].path;
    row.job = predict_job_id(row.image, case_name);
    row.attempt = Attempt{1};
    row.perturbation = "corruptions";
    row.variant = variants[i];
    row.case_name = case_name;
    row.label = labels[i];
    rows.predictions.push_back(row);
  }
}

struct Ran {
  int code = 0;
  std::string output;  // stdout and stderr
};

Ran run_plot(const std::string& arguments) {
  std::FILE* pipe = ::popen((std::string(WCAM_PLOT) + " " + arguments + " 2>&1").c_str(), "r");
  Ran ran;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    ran.output.append(buffer.data(), count);
  ran.code = WEXITSTATUS(::pclose(pipe));
  return ran;
}

class SweepFigures : public testing::Test {
 protected:
  SweepFigures()
      : root_(fs::temp_directory_path() / ("wcam_sweep_figures_" + std::to_string(::getpid()) + "_" +
                                           testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(root_);
    make_directories(directory().segments());
    write_file_atomically(directory().plan(), to_json_text(sample_plan()));
  }
  ~SweepFigures() override { fs::remove_all(root_); }

  SweepDirectory directory() const { return {root_ / "sweep"}; }

  void store(const Rows& rows) const {
    write_store(directory().segments() / "segment-1.h5",
                {sweep_id(sample_plan()), kGrid, sample_plan().wcam.levels}, rows.profiles, rows.predictions,
                rows.images);
  }

  // Two images under two cases; "baseline" has no unaffected variant of image 0, image 1 is just being
  // explained.
  static Rows sample_rows() {
    Rows rows;
    for (const std::string name : {"sin", "baseline"}) {
      explain(rows, 0, name, Role::kSource, "source");
      explain(rows, 0, name, Role::kAltered, "corruptions/contrast/5");
    }
    explain(rows, 0, "sin", Role::kUnaffected, "corruptions/jpeg/1");
    explain(rows, 1, "sin", Role::kSource, "source");
    predict(rows, 0, "sin", {0, 1, 0});
    predict(rows, 0, "baseline", {0, 1, 1});
    return rows;
  }

  FigureRequest request() const {
    FigureRequest request;
    request.sweep = directory().root;
    request.out = root_ / "figures";
    request.formats = {Format::kPdf, Format::kSvg};
    return request;
  }

  // Names of the files below OUT that `draw` reports, which must be those that are there.
  template <typename Draw>
  std::vector<std::string> files(Draw draw, const FigureRequest& asked) const {
    std::vector<std::string> names;
    draw(asked, [&](const fs::path& file) {
      EXPECT_TRUE(fs::exists(file));
      names.push_back(fs::relative(file, asked.out).string());
    });
    return names;
  }

  template <typename Draw>
  static std::string message_of(Draw draw) {
    try {
      draw();
    } catch (const std::exception& e) {
      return e.what();
    }
    return "nothing thrown";
  }

  fs::path root_;
};

using Names = std::vector<std::string>;

const auto draw_figure4 = [](const FigureRequest& request, const OnWritten& on_written) {
  return draw_sweep(request, {FigureKind::kFigure4}, on_written);
};
const auto draw_figure5 = [](const FigureRequest& request, const OnWritten& on_written) {
  return draw_sweep(request, {FigureKind::kFigure5}, on_written);
};
const auto draw_all = [](const FigureRequest& request, const OnWritten& on_written) {
  return draw_sweep(request, {std::begin(kFigureKinds), std::end(kFigureKinds)}, on_written);
};

TEST_F(SweepFigures, Figure4IsAFileAnImageAndCaseWithProfiles) {
  store(sample_rows());
  EXPECT_EQ(files(draw_figure4, request()),
            (Names{"figure-4/corruptions_sin_0_a.pdf", "figure-4/corruptions_sin_0_a.svg",
                   "figure-4/corruptions_sin_0_a.txt", "figure-4/corruptions_baseline_0_a.pdf",
                   "figure-4/corruptions_baseline_0_a.svg", "figure-4/corruptions_baseline_0_a.txt",
                   "figure-4/corruptions_sin_1_b.pdf", "figure-4/corruptions_sin_1_b.svg",
                   "figure-4/corruptions_sin_1_b.txt"}));
  FigureRequest published = request();
  published.draw.style = Style::kPublished;
  EXPECT_EQ(files(draw_figure4, published),
            (Names{"figure-4/corruptions_sin_0.pdf", "figure-4/corruptions_sin_0.svg",
                   "figure-4/corruptions_baseline_0.pdf", "figure-4/corruptions_baseline_0.svg",
                   "figure-4/corruptions_sin_1.pdf", "figure-4/corruptions_sin_1.svg"}));
}

TEST_F(SweepFigures, ProgramTellsHowManyWcamsOfItsFiguresAreDoubtful) {
  Rows rows = sample_rows();
  rows.profiles[0].doubts = rows.profiles[1].doubts = "an index above 1";  // both of image 0 under sin
  store(rows);
  const std::string figure = "figure-4 " + directory().root.string() + " --format svg --case ";
  const std::string path = (directory().figures() / "figure-4/corruptions_").string();
  EXPECT_EQ(
      run_plot(figure + "sin --image 0").output,
      path + "sin_0_a.svg\n" + path +
          "sin_0_a.txt\nnote: 2 WCAMs in these figures are doubtful, marked '?': docs/reading_results.md "
          "tells why\n");
  EXPECT_EQ(run_plot(figure + "baseline --image 0").output,
            path + "baseline_0_a.svg\n" + path + "baseline_0_a.txt\n");
}

// Both of image 0 under sin have doubts: what the terminal, the page and its caption say of them, by kind.
TEST_F(SweepFigures, EveryKindSaysWhatIsDoubtful) {
  Rows rows = sample_rows();
  rows.profiles[0].doubts = rows.profiles[1].doubts = "an index above 1";
  store(rows);
  const std::string tail = ": docs/reading_results.md tells why\n",
                    marked = "note: 2 WCAMs in these figures are doubtful, marked '?'" + tail,
                    averaged =
                        "note: 2 WCAMs in the means of these figures are doubtful, counted below the maps" +
                        tail,
                    mark = "?: a doubtful map (an index above 1).";
  struct Claim {
    std::string kind, file, note;
    std::ptrdiff_t marks;     // drawn
    std::string drawn, said;  // on the page; in the text for its caption
  };
  for (const Claim& claim :
       {Claim{"figure-4 --case sin", "figure-4/corruptions_sin_0_a", marked, 2, mark, mark},
        Claim{"figure-5", "figure-5/robust_training_corruptions_0_a", marked, 2, mark, mark},
        Claim{"spatial", "spatial/corruptions_0_a", marked, 2, mark, mark},
        Claim{"rebuilt --case sin", "rebuilt/corruptions_sin_0_a", marked, 8, mark, mark},
        Claim{"mean", "mean/corruptions_image-0", averaged, 0, "n = 1 1 doubtful",
              "Of the 4 maps that the means are of, 2 are doubtful (an index above 1)."},
        Claim{"difference", "difference/corruptions_image-0", averaged, 0, "n = 1 1 doubtful",
              "Of the 2 differences that the means are of, 1 is doubtful (an index above 1)."}}) {
    SCOPED_TRACE(claim.kind);
    const Ran ran = run_plot(claim.kind + " " + directory().root.string() + " --image 0 --format pdf");
    EXPECT_TRUE(ran.output.ends_with(".txt\n" + claim.note)) << ran.output;
    const std::string file = (directory().figures() / claim.file).string();
    const std::vector<test::Word> words = test::words_of_pdf(file + ".pdf");
    EXPECT_EQ(
        std::count_if(words.begin(), words.end(), [](const test::Word& word) { return word.text == "?"; }),
        claim.marks);
    const std::string text = test::joined_words(words), caption = read_file(file + ".txt");
    EXPECT_NE(text.find(claim.drawn), std::string::npos) << text;
    EXPECT_NE(caption.find(claim.said), std::string::npos) << caption;
  }
  const Ran all = run_plot("all " + directory().root.string() + " --image 0 --format pdf --cut 2");
  EXPECT_TRUE(all.output.ends_with(marked + averaged)) << all.output;
  for (const std::string kind : {"spatial", "rebuilt", "mean", "difference"}) {
    const Ran none = run_plot(kind + " " + directory().root.string() + " --case baseline --format pdf");
    EXPECT_EQ(none.output.find("note"), std::string::npos) << none.output;
    EXPECT_EQ(none.output.find("doubtful"), std::string::npos);
  }
}

TEST_F(SweepFigures, Figure5IsAFileAnImage) {
  store(sample_rows());
  EXPECT_EQ(
      files(draw_figure5, request()),
      (Names{"figure-5/robust_training_corruptions_0_a.pdf", "figure-5/robust_training_corruptions_0_a.svg",
             "figure-5/robust_training_corruptions_0_a.txt", "figure-5/robust_training_corruptions_1_b.pdf",
             "figure-5/robust_training_corruptions_1_b.svg",
             "figure-5/robust_training_corruptions_1_b.txt"}));
}

TEST_F(SweepFigures, ChosenImagesAndCasesAreDrawnAlone) {
  store(sample_rows());
  FigureRequest asked = request();
  asked.choice.images = {"0"};
  asked.choice.cases = {"baseline"};
  asked.formats = {Format::kPng};
  EXPECT_EQ(files(draw_figure4, asked),
            (Names{"figure-4/corruptions_baseline_0_a.png", "figure-4/corruptions_baseline_0_a.txt"}));
}

TEST_F(SweepFigures, AFigureOfAPartHasANameOfItsOwn) {
  store(sample_rows());
  FigureRequest asked = request();
  asked.formats = {Format::kPdf};
  const auto stems = [&] {
    Names found;
    for (const std::string& name : files(draw_all, asked))
      if (name.ends_with(".pdf")) found.push_back(name.substr(0, name.size() - 4));
    return found;
  };
  asked.choice.images = {"0"};
  asked.choice.cases = {"sin"};
  EXPECT_EQ(stems(),
            (Names{"figure-4/corruptions_sin_0_a", "figure-5/robust_training_corruptions_0_a_case-sin",
                   "spatial/corruptions_0_a_case-sin", "rebuilt/corruptions_sin_0_a",
                   "mean/corruptions_image-0_case-sin", "difference/corruptions_image-0_case-sin"}));
  // Those that need no name for it are the figures of the whole.
  asked.only_changed = true;
  asked.choice = {};
  EXPECT_EQ(stems(),
            (Names{"figure-4/corruptions_baseline_0_a", "figure-4/corruptions_sin_1_b",
                   "figure-5/robust_training_corruptions_0_a", "figure-5/robust_training_corruptions_1_b",
                   "spatial/corruptions_0_a", "spatial/corruptions_1_b", "rebuilt/corruptions_baseline_0_a",
                   "rebuilt/corruptions_sin_1_b", "mean/corruptions", "difference/corruptions"}));
  // All, one by one, are the whole too.
  asked.choice.images = {"1", "0"};
  asked.choice.cases = {"baseline", "sin"};
  EXPECT_EQ(stems(), Names{});
}

TEST_F(SweepFigures, ALongListOfImagesIsADigestInTheName) {
  constexpr std::uint32_t kImages = 30;
  Plan plan = sample_plan();
  plan.images.clear();
  Rows rows;
  for (std::uint32_t i = 0; i < kImages; ++i) {
    plan.images.push_back({"image_" + std::to_string(100 + i) + ".jpg", std::string(64, 'a')});
    explain(rows, 0, "sin", Role::kSource, "source");
    rows.profiles.back().rank = i;
    rows.profiles.back().image = rows.images.back().image = plan.images.back().path;
    rows.profiles.back().job = explain_job_id(plan.images.back().path, "source", "sin");
  }
  write_file_atomically(directory().plan(), to_json_text(plan));
  write_store(directory().segments() / "segment-1.h5", {sweep_id(plan), kGrid, plan.wcam.levels},
              rows.profiles, rows.predictions, rows.images);
  const auto name_of_first = [&](std::uint32_t number) {
    FigureRequest asked = request();
    for (std::uint32_t i = 0; i < number; ++i) asked.choice.images.push_back(std::to_string(i));
    return files([](const FigureRequest& r,
                    const OnWritten& w) { return draw_sweep(r, {FigureKind::kMean}, w); },
                 asked)
        .front();
  };
  EXPECT_EQ(name_of_first(3), "mean/corruptions_images-0+1+2.pdf");
  const std::string name = name_of_first(29);
  EXPECT_TRUE(name.starts_with("mean/corruptions_images-29-")) << name;
  EXPECT_EQ(name.size(), std::string("mean/corruptions_images-29-12345678.pdf").size());
}

TEST_F(SweepFigures, AnImageIsChosenByNumberOrName) {
  store(sample_rows());
  FigureRequest asked = request();
  asked.formats = {Format::kPng};
  for (const char* name : {"1", "b.jpg", "cats/b.jpg", "photos/cats/b.jpg"}) {
    asked.choice.images = {name};
    EXPECT_EQ(files(draw_figure5, asked), (Names{"figure-5/robust_training_corruptions_1_b.png",
                                                 "figure-5/robust_training_corruptions_1_b.txt"}))
        << name;
  }
}

TEST_F(SweepFigures, DrawnAgainTheyAreTheSameBytes) {
  store(sample_rows());
  const auto read_all = [&] {
    std::string bytes;
    for (const auto& name : files(draw_figure5, request())) bytes += read_file(request().out / name);
    return bytes;
  };
  const std::string first = read_all();
  EXPECT_NE(first, "");
  EXPECT_EQ(read_all(), first);
}

// The words are outlines in a file; so the claim is made of two figures that differ in the words alone.
TEST_F(SweepFigures, NoUnaffectedVariantIsToldFromOneNotYetExplained) {
  Rows rows = sample_rows();
  store(rows);
  FigureRequest asked = request();
  asked.choice.images = {"0"};
  asked.choice.cases = {"baseline"};
  const auto draw_one = [&] { return read_file(asked.out / files(draw_figure4, asked).front()); };
  const std::string none = draw_one();
  rows.predictions.back().label = 0;  // jpeg/1 is unaffected under baseline, but not explained
  store(rows);
  EXPECT_NE(draw_one(), none);
}

// A sweep of everything whose image nothing changes has figures 4 and 5 that say so.
TEST_F(SweepFigures, AnImageThatNothingAffectsIsDrawnAndToldFromOneNotYetExplained) {
  Rows rows;
  for (const std::string name : {"sin", "baseline"}) {
    explain(rows, 0, name, Role::kSource, "source");
    explain(rows, 0, name, Role::kUnaffected, "corruptions/jpeg/1");
    predict(rows, 0, name, {0, 0, 0});
  }
  store(rows);
  const auto draw_both = [&] {
    return read_file(request().out / files(draw_figure4, request())[3]) +
           read_file(request().out / files(draw_figure5, request()).front());
  };
  const std::string none = draw_both();
  for (PredictionRow& row : rows.predictions)
    if (row.variant == "corruptions/contrast/5") row.label = 1;  // affected, but not explained
  store(rows);
  EXPECT_NE(draw_both(), none);
}

TEST_F(SweepFigures, SweepWithoutProfilesSaysWhatToDo) {
  Rows rows;
  predict(rows, 0, "sin", {0, 1, 0});
  store(rows);
  const std::string where = directory().root.string();
  EXPECT_EQ(
      message_of([&] { draw_figure4(request(), {}); }),
      where +
          " holds no explained image yet: let 'wcam run' go on until 'wcam status' shows explain jobs done, "
          "then draw again");
}

TEST_F(SweepFigures, UnknownImageOrCaseNamesThoseThatAreThere) {
  store(sample_rows());
  const std::string where = directory().root.string();
  FigureRequest asked = request();
  asked.choice.images = {"0", "7"};
  EXPECT_EQ(message_of([&] { draw_figure5(asked, {}); }),
            "no image '7' has been explained in " + where +
                "\n2 images, by number or name:\n  0  cats/a.jpg\n  1  cats/b.jpg");
  asked.choice.images = {"b.jpgs"};
  EXPECT_EQ(first_line(message_of([&] { draw_figure5(asked, {}); })),
            "no image 'b.jpgs' has been explained in " + where + "; did you mean 'b.jpg'?");
  asked.choice.images.clear();
  asked.choice.cases = {"vit"};
  EXPECT_EQ(message_of([&] { draw_figure4(asked, {}); }),
            "no case 'vit' in " + where + "; known: sin, baseline");
}

TEST_F(SweepFigures, LoneWcamIsNoSweepAndIsDrawnByItsOwnVerb) {
  Rows rows;
  explain(rows, 0, "", Role::kSource, "source");
  const fs::path file = root_ / "cat.h5";
  write_store(file, {"", kGrid, 3}, rows.profiles, {}, rows.images);
  FigureRequest asked = request();
  asked.sweep = file;
  EXPECT_EQ(message_of([&] { draw_figure4(asked, {}); }),
            file.string() +
                " is not of a sweep: figures 4 and 5 are drawn from a sweep; draw a lone WCAM with 'wcam "
                "plot wcam " +
                file.string() + " --out X.png'");
  // As `wcam explain` writes it: with a plan of its own, which makes it no sweep.
  write_store(file, {"", kGrid, 3}, rows.profiles, {}, rows.images, to_json_text(sample_plan()));
  EXPECT_EQ(message_of([&] { draw_figure5(asked, {}); }).rfind(file.string() + " is not of a sweep", 0), 0U);
  write_store(file, {"", kGrid, 3}, rows.profiles, {}, rows.images);
  draw_wcam_file({file, {}, root_ / "cat.svg", {}, {}});
  EXPECT_TRUE(fs::exists(root_ / "cat.svg"));
  EXPECT_NE(read_file(root_ / "cat.caption.txt").find("of a.jpg (source) under the classifier"),
            std::string::npos);
  EXPECT_EQ(message_of([&] {
              draw_wcam_file({file, {.row = 1}, root_ / "cat.svg", {}, {}});
            }),
            "--row 1 is outside 0 to 0, the rows of " + file.string());
}

// As above: the words are outlines, so the claim is made of two figures that differ in them alone.
TEST_F(SweepFigures, ProgramNamesTheClassOfALoneWcam) {
  Rows rows;
  explain(rows, 0, "", Role::kSource, "source");
  const fs::path file = root_ / "cat.h5", names = root_ / "names.txt";
  write_store(file, {"", kGrid, 3}, rows.profiles, {}, rows.images);
  write_file_atomically(names, "tabby, tabby cat\r\nlynx\r\n");
  const auto draw_with = [&](const std::string& options) {
    const fs::path out = root_ / "cat.pdf";
    const Ran ran = run_plot("wcam " + file.string() + " --out " + out.string() + options);
    EXPECT_EQ(ran.output, out.string() + "\n");
    return read_file(out);
  };
  EXPECT_NE(draw_with(""), draw_with(" --classes " + names.string()));
}

// Fonts are looked for once a process, and where fontconfig is told to look.
TEST_F(SweepFigures, ProgramSaysWhichTextNoFontCanShowAndRefusesToDrawWithoutAny) {
  Rows rows;
  explain(rows, 0, "", Role::kSource, "source");
  const fs::path file = root_ / "cat.h5", names = root_ / "names.txt", out = root_ / "cat.png";
  write_store(file, {"", kGrid, 3}, rows.profiles, {}, rows.images);
  const auto drawn = [&](const std::string& fonts, const std::string& name) {
    write_file_atomically(names, name + "\nlynx\n");
    write_file_atomically(root_ / "fonts.conf", "<fontconfig><dir>" + fonts + "</dir><cachedir>" +
                                                    (root_ / "cache").string() + "</cachedir></fontconfig>");
    ::setenv("FONTCONFIG_FILE", (root_ / "fonts.conf").c_str(), 1);
    const Ran ran = run_plot("wcam --style published " + file.string() + " --classes " + names.string() +
                             " --out " + out.string());
    ::unsetenv("FONTCONFIG_FILE");
    return ran;
  };
  const std::string dejavu = "/usr/share/fonts/truetype/dejavu", path = out.string() + "\n";
  EXPECT_EQ(drawn(dejavu, "tabby, Ζ, Ж, ů").output, path);
  const auto warning = [&](const std::string& name, const std::string& packages) {
    return "warning: no installed font has all characters of 'class 0 (" + name +
           "), logit 0', which are drawn as boxes: apt-get install " + packages + ", then draw again\n" +
           path;
  };
  EXPECT_EQ(drawn(dejavu, "고양이").output, warning("고양이", "fonts-noto-cjk"));
  EXPECT_EQ(drawn(dejavu, "बिल्ली").output, warning("बिल्ली", "fonts-noto-core"));
  EXPECT_EQ(drawn(dejavu, "猫 बिल्ली").output, warning("猫 बिल्ली", "fonts-noto-cjk fonts-noto-core"));
  fs::remove(out);
  const Ran none = drawn("/nowhere", "tabby");
  EXPECT_EQ(none.code, 3);
  EXPECT_NE(
      none.output.find("no font is installed that can be drawn with: apt-get install fonts-dejavu-core"),
      std::string::npos)
      << none.output;
  EXPECT_FALSE(fs::exists(out));
}

// Of one map the range is the same whatever shares it, and the bar says which it is.
TEST_F(SweepFigures, ALoneWcamHasItsColourBarWithAnyRange) {
  store(sample_rows());
  const fs::path out = root_ / "x.png";
  const auto drawn = [&](RangeScope range) {
    DrawOptions options;
    options.format = Format::kPng;
    options.range = range;
    draw_wcam_file({directory().root, {.image = "b.jpg"}, out, {}, options});
    return read_file(out);
  };
  const std::string figure = drawn(RangeScope::kFigure);
  EXPECT_GT(test::decode_png(figure).width, 800);
  EXPECT_EQ(drawn(RangeScope::kRow), figure);
  EXPECT_EQ(drawn(RangeScope::kPanel), figure);
}

// Two replicates of a WCAM, of which the second has another map.
TEST_F(SweepFigures, AMapIsTheMeanOfItsReplicatesUnlessOneIsChosen) {
  Rows rows = sample_rows();
  ProfileRow second = rows.profiles[0];
  second.replicate = 1;
  second.job = JobId{4711};
  for (float& cell : second.wcam) cell += 2;
  rows.profiles.push_back(second);
  store(rows);
  const auto map_of = [&](std::optional<std::uint32_t> replicate) {
    SweepChoice choice;
    choice.variant.replicate = replicate;
    SweepReader sweep(directory().root, choice);
    const auto row = figure4_rows(sweep.profiles(), sweep.images()[0], "sin", sweep.variant()).source;
    const Explanation found = sweep.explanation(*row);
    EXPECT_EQ(found.replicates, replicate ? 1U : 2U);
    return found.map;
  };
  const Map mean = map_of({}), other = map_of(1);
  EXPECT_EQ(map_of(0).cells, rows.profiles[0].wcam);
  EXPECT_EQ(other.cells, second.wcam);
  for (std::size_t i = 0; i < mean.cells.size(); ++i) EXPECT_NEAR(mean.cells[i], second.wcam[i] - 1, 1e-5);
  EXPECT_EQ(other.standard_errors[0], 0.01F);
  // One degree of freedom of the spread, variance 2; six of the jackknife, variance 0.0001; N is 4.
  EXPECT_NEAR(mean.standard_errors[0], std::sqrt((2 + 6 * 0.0001) / 7 / 2), 1e-5);
}

TEST_F(SweepFigures, AsManyCellsAsARowStoresAreDrawnAsSufficient) {
  Rows rows = sample_rows();
  const auto drawn = [&](std::int64_t fewest, const std::string& ending) {
    rows.profiles[0].sufficient_cells = rows.profiles[0].sufficient_cells_stay = fewest;
    store(rows);
    const fs::path out = root_ / std::to_string(fewest);
    const Ran ran = run_plot("rebuilt " + directory().root.string() +
                             " --image a.jpg --case sin --format svg --out " + out.string());
    EXPECT_EQ(ran.code, 0) << ran.output;
    return read_file(out / ("rebuilt/corruptions_sin_0_a" + ending));
  };
  EXPECT_NE(drawn(0, ".txt").find("The classifier was not asked"), std::string::npos);
  for (const std::int64_t fewest : {-1, 5})
    EXPECT_NE(drawn(fewest, ".txt").find("Label returns: from the fewest"), std::string::npos) << fewest;
  // Text apart, a picture of 5 cells is not one of 6.
  const auto pictures = [&](std::int64_t fewest) {
    const std::string svg = drawn(fewest, ".svg");
    std::vector<std::string> found;
    for (auto at = svg.find("data:image"); at != std::string::npos; at = svg.find("data:image", at + 1))
      found.push_back(svg.substr(at, svg.find('"', at) - at));
    return found;
  };
  EXPECT_EQ(pictures(-1).size() + 1, pictures(5).size());
  EXPECT_NE(pictures(5), pictures(6));
}

TEST_F(SweepFigures, ALabelThatNothingExplainsIsRefusedAndAChosenOneNamesTheFile) {
  Rows rows = sample_rows();
  store(rows);
  FigureRequest asked = request();
  asked.choice.images = {"1"};
  asked.choice.variant.label = LabelKind::kTrue;
  EXPECT_EQ(
      message_of([&] { draw_figure5(asked, {}); }),
      "no WCAM in " + directory().root.string() + " explains the label 'true'; its plan explains: predicted");
  asked.choice.variant.label = LabelKind::kSource;
  EXPECT_EQ(files(draw_figure5, asked).front(),
            "figure-5/robust_training_corruptions_1_b_explains-source.pdf");
}

TEST_F(SweepFigures, AWholeNameGoesBeforeTheEndOfAnother) {
  Rows rows = sample_rows();
  for (ProfileRow& row : rows.profiles)
    if (row.image == "cats/b.jpg") row.image = "a.jpg";
  for (ImageRow& row : rows.images)
    if (row.image == "cats/b.jpg") row.image = "a.jpg";
  store(rows);
  draw_wcam_file({directory().root, {.image = "a.jpg"}, root_ / "x.pdf", {}, {}});
  EXPECT_TRUE(fs::exists(root_ / "x.pdf"));
}

TEST_F(SweepFigures, OneOfSeveralWcamsMustBeChosen) {
  store(sample_rows());
  const fs::path file = directory().segments() / "segment-1.h5";
  const auto message = [&](const WcamChoice& choice, const fs::path& store) {
    return message_of([&] { draw_wcam_file({store, choice, root_ / "x.pdf", {}, {}}); });
  };
  EXPECT_EQ(message({}, file),
            file.string() +
                " holds several WCAMs: choose one with --row, or --image, --variant and --case from 6 "
                "WCAMs:\n"
                "  row 0: --image cats/a.jpg --variant source --case sin\n"
                "  row 1: --image cats/a.jpg --variant corruptions/contrast/5 --case sin\n"
                "  row 2: --image cats/a.jpg --variant source --case baseline\n"
                "  row 3: --image cats/a.jpg --variant corruptions/contrast/5 --case baseline\n"
                "  row 4: --image cats/a.jpg --variant corruptions/jpeg/1 --case sin\n"
                "  row 5: --image cats/b.jpg --variant source --case sin");
  EXPECT_EQ(
      message({.image = "a.jpg", .variant = "contrast/5"}, directory().root),
      directory().root.string() +
          " holds several WCAMs of --image a.jpg, --variant contrast/5: choose one with --image, --variant "
          "and --case from 2 WCAMs:\n"
          "  --image cats/a.jpg --variant corruptions/contrast/5 --case sin\n"
          "  --image cats/a.jpg --variant corruptions/contrast/5 --case baseline");
  EXPECT_EQ(message({.row = 0}, directory().root),
            "--row counts in one file: name one of those in " + directory().root.string() + ", such as " +
                directory().results().string() + ", or choose with --image, --variant and --case");
  EXPECT_EQ(message({.image = "b.jpg"}, directory().root), "nothing thrown");
  EXPECT_EQ(message({.image = "pg"}, file).substr(0, file.string().size() + 28),
            file.string() + " holds no WCAM of --image pg");
  EXPECT_EQ(message({.case_name = "baselin"}, file),
            "no case 'baselin' in " + file.string() + "; did you mean 'baseline'? Known: baseline, sin");
  EXPECT_EQ(message({.case_name = "vit"}, file),
            "no case 'vit' in " + file.string() + "; known: baseline, sin");
  EXPECT_EQ(first_line(message({.image = "b.jpgs"}, file)),
            file.string() + " holds no WCAM of --image b.jpgs; did you mean 'b.jpg'? It holds 6 WCAMs:");
  EXPECT_EQ(first_line(message({.image = "a.jpg", .variant = "contrst/5"}, file)),
            file.string() +
                " holds no WCAM of --image a.jpg, --variant contrst/5; did you mean 'contrast/5'? It "
                "holds 5 WCAMs of --image a.jpg:");
}

TEST_F(SweepFigures, AVariantThatAnImageLacksListsThoseThatTheImageHas) {
  Rows rows = sample_rows();
  rows.profiles.push_back(rows.profiles.back());  // of image 1 once more, which names leave as one line
  rows.profiles.back().replicate = 1;
  rows.profiles.back().job = JobId{4711};
  store(rows);
  const std::string sweep = directory().root.string();
  const auto message = [&](const WcamChoice& choice) {
    return message_of([&] { draw_wcam_file({directory().root, choice, root_ / "x.pdf", {}, {}}); });
  };
  const std::string source = "  --image cats/b.jpg --variant source --case sin";
  EXPECT_EQ(
      message({.image = "b.jpg", .variant = "jpeg/1"}),
      sweep + " holds no WCAM of --image b.jpg, --variant jpeg/1, but 2 WCAMs of --image b.jpg:\n" + source);
  EXPECT_EQ(message({.image = "b.jpg", .variant = "jpeg/1", .case_name = "baseline"}),
            sweep +
                " holds no WCAM of --image b.jpg, --variant jpeg/1, --case baseline, but 2 WCAMs of --image "
                "b.jpg:\n" +
                source)
      << "nothing of it under this case";
  EXPECT_EQ(message({.image = "a.jpg", .variant = "jpeg/1", .case_name = "baseline"}),
            sweep +
                " holds no WCAM of --image a.jpg, --variant jpeg/1, --case baseline, but 2 WCAMs of --image "
                "a.jpg, --case baseline:\n"
                "  --image cats/a.jpg --variant source --case baseline\n"
                "  --image cats/a.jpg --variant corruptions/contrast/5 --case baseline");
}

// Rows lie in a file in the order in which they came; the program's own order is by rank and case.
TEST_F(SweepFigures, ARowIsThatOfTheFileAsH5pyCounts) {
  store(sample_rows());
  const fs::path file = directory().segments() / "segment-1.h5";
  const auto drawn = [&](const WcamChoice& choice) {
    draw_wcam_file({file, choice, root_ / "x.pdf", {}, {}});
    return read_file(root_ / "x.pdf");
  };
  const Rows rows = sample_rows();
  for (std::size_t i = 0; i < rows.profiles.size(); ++i) {
    const ProfileRow& row = rows.profiles[i];
    EXPECT_EQ(drawn({.row = i}),
              drawn({.image = row.image, .variant = row.variant, .case_name = row.case_name}))
        << i;
    EXPECT_NE(drawn({.row = i}), drawn({.row = (i + 1) % rows.profiles.size()}));
  }
}

TEST_F(SweepFigures, AllOfASweepIsDrawnBySeveralThreadsAsByOne) {
  store(sample_rows());
  FigureRequest one = request(), several = request();
  several.threads = 4;
  several.out = root_ / "several";
  const Names names = files(draw_all, one);
  EXPECT_EQ(files(draw_all, several), names);
  EXPECT_EQ(names.size(), 3U * (3 + 2 + 2 + 3 + 1 + 1));
  for (const std::string& name : names)
    EXPECT_EQ(read_file(one.out / name), read_file(several.out / name)) << name;
}

TEST_F(SweepFigures, WhatHasNotChangedStays) {
  Rows rows = sample_rows();
  store(rows);
  FigureRequest asked = request();
  asked.only_changed = true;
  EXPECT_GT(files(draw_all, asked).size(), 0u);
  EXPECT_EQ(files(draw_all, asked), Names{});

  // Another answer to a job draws anew what it is in, and nothing else.
  rows.profiles[5].attempt = Attempt{2};  // the source of image 1 under sin
  store(rows);
  Names stems;
  for (const std::string& name : files(draw_all, asked))
    if (name.ends_with(".pdf")) stems.push_back(name.substr(0, name.size() - 4));
  EXPECT_EQ(stems, (Names{"figure-4/corruptions_sin_1_b", "figure-5/robust_training_corruptions_1_b",
                          "spatial/corruptions_1_b", "rebuilt/corruptions_sin_1_b", "mean/corruptions",
                          "difference/corruptions"}));

  // So does another option, a file that is gone, and a prediction that is said otherwise.
  fs::remove(asked.out / "mean/corruptions.svg");
  EXPECT_EQ(files(draw_all, asked),
            (Names{"mean/corruptions.pdf", "mean/corruptions.svg", "mean/corruptions.txt"}));
  asked.draw.cut_percent = 2;
  EXPECT_EQ(files(draw_all, asked).size(), 36u);
  rows.predictions[0].probability = 0.75F;  // of image 0's source under sin
  store(rows);
  EXPECT_EQ(files(draw_all, asked).size(), 3U * 6);
}

// Killed between the two files of a figure: nobody takes the old for the new.
TEST_F(SweepFigures, WhatIsBeingDrawnIsNotTakenForDrawn) {
  store(sample_rows());
  FigureRequest asked = request();
  asked.only_changed = true;
  (void)files(draw_all, asked);
  asked.draw.cut_percent = 2;
  EXPECT_THROW((void)draw_all(asked, [](const fs::path&) { throw std::runtime_error("killed"); }),
               std::runtime_error);
  asked.draw.cut_percent = 1;
  EXPECT_EQ(files(draw_all, asked).size(), 36u) << "all may have been drawn with the other option";
}

TEST_F(SweepFigures, AVariantOrARoleIndexIsChosenAndStandsInTheName) {
  Rows rows = sample_rows();
  for (ProfileRow& row : rows.profiles) row.role_index = row.variant == "corruptions/contrast/5" ? 1 : 0;
  store(rows);
  FigureRequest asked = request();
  asked.formats = {Format::kPdf};
  asked.choice.images = {"0"};
  asked.choice.variant.variant = "jpeg/1";
  EXPECT_EQ(files(draw_figure5, asked).front(),
            "figure-5/robust_training_corruptions_0_a_jpeg__severity_1.pdf");
  EXPECT_NE(read_file(asked.out / "figure-5/robust_training_corruptions_0_a_jpeg__severity_1.txt")
                .find("below: the altered image, jpeg, severity 1."),
            std::string::npos);
  asked.choice.variant = {.variant = {}, .role_index = 1};
  EXPECT_EQ(files(draw_figure5, asked).front(), "figure-5/robust_training_corruptions_0_a_altered-1.pdf");
  asked.choice.variant = {.variant = "jpg/1", .role_index = {}};
  EXPECT_EQ(
      message_of([&] { draw_figure5(asked, {}); }),
      "no variant 'jpg/1' has been explained in " + directory().root.string() + "; did you mean 'jpeg/1'?");
}

TEST_F(SweepFigures, ARoleIndexThatNoImageDrawnHasIsRefused) {
  store(sample_rows());
  const std::string where = directory().root.string();
  FigureRequest asked = request();
  asked.choice.variant.role_index = 77;
  EXPECT_EQ(message_of([&] { draw_figure5(asked, {}); }),
            "--role-index 77 is outside 0 to 0, the numbers of the altered variants that have been explained "
            "of 2 images in " +
                where + ": choose one of these, or a variant by its name with --variant");
  EXPECT_FALSE(fs::exists(asked.out));
  asked.choice.images = {"1"};
  asked.choice.variant.role_index = 0;
  EXPECT_EQ(
      message_of([&] { draw_figure5(asked, {}); }),
      "--role-index 0: no altered variant has been explained of cats/b.jpg in " + where + ": leave it out");
}

TEST_F(SweepFigures, AnAlteredVariantByNumberIsToldFromOneThatDoesNotExist) {
  Rows rows = sample_rows();
  explain(rows, 0, "baseline", Role::kUnaffected, "corruptions/jpeg/1");
  rows.profiles[4].role = Role::kAltered;  // jpeg/1 under sin
  rows.profiles[4].role_index = 3;
  rows.predictions[2].label = 1;
  rows.predictions[5].label = 0;
  store(rows);
  const auto missing = [&](std::uint32_t number) {
    SweepChoice choice;
    choice.variant.role_index = number;
    SweepReader sweep(directory().root, choice);
    return sweep.missing(sweep.images()[0], "baseline", Role::kAltered).words;
  };
  EXPECT_EQ(missing(3), "unaffected under this case");
  EXPECT_EQ(missing(2), "no altered variant 2");
}

// Both images are decided, and each has one altered variant, since the plan allows no more.
class DecidedSweep : public SweepFigures {
 protected:
  DecidedSweep() {
    Plan plan = sample_plan();
    plan.selection.max_altered = 1;
    plan.selection.max_unaffected = 0;
    write_file_atomically(directory().plan(), to_json_text(plan));
    Rows rows;
    for (const std::string name : {"sin", "baseline"})
      for (const std::uint32_t rank : {0U, 1U}) {
        explain(rows, rank, name, Role::kSource, "source");
        explain(rows, rank, name, Role::kAltered,
                rank == 0 ? "corruptions/jpeg/1" : "corruptions/contrast/5");
        predict(rows, rank, name,
                rank == 0 ? std::vector<std::int64_t>{0, 0, 1} : std::vector<std::int64_t>{0, 1, 1});
      }
    write_store(directory().segments() / "segment-1.h5", {sweep_id(plan), kGrid, plan.wcam.levels},
                rows.profiles, rows.predictions, rows.images);
  }
};

TEST_F(DecidedSweep, AVariantThatWasNotChosenIsNotSaidToCome) {
  const Ran ran =
      run_plot("figure-5 " + directory().root.string() + " --image 1 --variant jpeg/1 --format pdf");
  EXPECT_EQ(ran.code, 0) << ran.output;
  const fs::path stem = directory().figures() / "figure-5/robust_training_corruptions_1_b_jpeg__severity_1";
  const std::string text = test::joined_words(test::words_of_pdf(stem.string() + ".pdf"));
  EXPECT_NE(text.find("not chosen"), std::string::npos) << text;
  EXPECT_EQ(text.find("not yet"), std::string::npos) << text;
  const std::string caption = read_file(stem.string() + ".txt");
  EXPECT_NE(caption.find("below: the altered image, jpeg, severity 1 (not chosen for this image)."),
            std::string::npos)
      << caption;
}

TEST_F(DecidedSweep, AMeanOfAVariantIsOverTheImagesThatHaveIt) {
  const auto drawn = [&](const std::string& words) {
    const Ran ran = run_plot("mean " + directory().root.string() + " --case sin --format pdf " + words);
    EXPECT_EQ(ran.code, 0) << ran.output;
    return test::joined_words(test::words_of_pdf(ran.output.substr(0, ran.output.find('\n'))));
  };
  EXPECT_NE(drawn("--variant jpeg/1").find("n = 1"), std::string::npos) << "of the two altered maps one";
  EXPECT_NE(drawn("--variant jpeg/1 --image 1").find("nothing to explain"), std::string::npos);
}

TEST_F(DecidedSweep, APlaceWithoutAWcamIsToldFromOneThatIsStillToBeFilled) {
  SweepReader sweep(directory().root, {});
  EXPECT_EQ(sweep.missing(sweep.images()[0], "sin", Role::kUnaffected).words, "not chosen for this image");
  EXPECT_EQ(sweep.missing(sweep.images()[1], "sin", Role::kUnaffected).words, "no unaffected variant");
}

TEST_F(SweepFigures, PublishedStyleHasFiguresFourAndFiveOnly) {
  store(sample_rows());
  FigureRequest asked = request();
  asked.draw.style = Style::kPublished;
  EXPECT_EQ(message_of([&] { draw_all(asked, {}); }),
            "--style published has figures 4 and 5 only, not spatial");
}

// With true labels in the plan, the captions say them.
TEST_F(SweepFigures, AMisclassifiedSourceIsMarked) {
  Plan plan = sample_plan();
  plan.images[0].true_label = 1;  // "lynx", and cases predict "tabby"
  plan.images[1].true_label = 0;
  write_file_atomically(directory().plan(), to_json_text(plan));
  const Rows rows = sample_rows();
  write_store(directory().segments() / "segment-1.h5", {sweep_id(plan), kGrid, plan.wcam.levels},
              rows.profiles, rows.predictions, rows.images);
  (void)files(draw_figure5, request());
  const auto text = [&](const std::string& name) {
    return read_file(request().out / ("figure-5/robust_training_corruptions_" + name + ".txt"));
  };
  EXPECT_NE(text("0_a").find("misclassified"), std::string::npos);
  EXPECT_EQ(text("1_b").find("misclassified"), std::string::npos);
}

TEST(SafeName, KeepsWhatStandsInFilesEverywhere) {
  EXPECT_EQ(safe_name("pets/cats and dogs.jpg"), "cats_and_dogs");
  EXPECT_EQ(safe_name("n01_4-5.JPEG"), "n01_4-5");
  EXPECT_EQ(safe_name("a/..b:c\\d.e.png"), "__b_c_d_e");
  EXPECT_EQ(safe_name("\u00fc.png"), "__") << "two bytes";
  EXPECT_EQ(safe_name(std::string(300, 'x') + ".png"), std::string(60, 'x'));
}

TEST_F(SweepFigures, FolderThatCannotBeMadeIsNamed) {
  store(sample_rows());
  FigureRequest asked = request();
  asked.out = directory().plan();  // a file
  EXPECT_THROW(draw_figure4(asked, {}), InputError);
}

TEST_F(SweepFigures, ProgramPrintsEachPathThatItWrites) {
  store(sample_rows());
  const fs::path sweep = directory().root;
  const Ran ran = run_plot("figure-5 " + sweep.string());
  EXPECT_EQ(ran.code, 0) << ran.output;
  const std::string stem = (directory().figures() / "figure-5/robust_training_corruptions_").string();
  std::string paths;
  for (const std::string name : {"0_a", "1_b"})
    for (const std::string ending : {".pdf", ".png", ".txt"}) paths += stem + name + ending + "\n";
  EXPECT_EQ(ran.output, paths);
}

TEST_F(SweepFigures, ProgramTellsWhichFiguresAreHigherThanAPage) {
  Plan plan = sample_plan();
  Rows rows;
  plan.cases.resize(40, plan.cases.front());
  for (std::size_t i = 0; i < plan.cases.size(); ++i) {
    plan.cases[i].name = "case-" + std::to_string(i);
    for (const std::uint32_t rank : {0U, 1U})
      explain(rows, rank, plan.cases[i].name, Role::kSource, "source");
  }
  write_file_atomically(directory().plan(), to_json_text(plan));
  write_store(directory().segments() / "segment-1.h5", {sweep_id(plan), kGrid, plan.wcam.levels},
              rows.profiles, rows.predictions, rows.images);
  const auto note = [&](const std::string& words) {
    const std::string output =
        run_plot("figure-5 " + directory().root.string() + " --format svg " + words).output;
    const auto at = output.find("note: ");
    return at == std::string::npos ? "" : output.substr(at);
  };
  const std::string first = "figure-5/robust_training_corruptions_0_a";
  const auto inches = [&] {  // of the file
    const std::string svg = read_file(directory().figures() / (first + ".svg"));
    return fmt::format("{:.1f} in", std::stod(svg.substr(svg.find("height=\"") + 8)) / kPointsPerInch);
  };
  const std::string narrow = note("--venue icml --columns 1");
  EXPECT_EQ(narrow, "note: 2 figures are higher than the 9 in of text on a page, the highest " + first +
                        " with " + inches() +
                        ": draw across the page with --columns 0, or fewer cases with --case\n");
  const std::string wide = note("--image 0");
  EXPECT_EQ(wide, "note: 1 figure is higher than the 9 in of text on a page, " + first + " with " + inches() +
                      ": draw fewer cases with --case\n");
  EXPECT_EQ(note("--case case-1 --case case-2 --venue icml --columns 1"), "");
  EXPECT_EQ(note("--image 0 --style published"), "");
}

TEST(PlotProgram, ErrorsNameWhatIsAllowed) {
  struct Claim {
    std::string arguments;
    int code;
    std::string output;
  };
  const std::vector<Claim> claims{
      {"figure-6 x", 2,
       "wcam-plot: unknown verb 'figure-6'; did you mean 'figure-4' or 'figure-5'? Known: figure-4, "
       "figure-5, spatial, rebuilt, mean, difference, all, wcam, report, gallery\n"},
      {"figure-4 x --format pdf,jpg", 2, "wcam-plot figure-4: unknown format 'jpg'; known: pdf, png, svg\n"},
      {"figure-4 x --color-map jet", 2,
       "wcam-plot figure-4: unrecognised option '--color-map'; did you mean '--colour-map'?\n"},
      {"figure-4 x --format ,", 2, "wcam-plot figure-4: --format names no format; known: pdf, png, svg\n"},
      {"figure-4 x --range column", 2,
       "wcam-plot figure-4: unknown range 'column'; known: panel, row, figure\n"},
      {"figure-4 x --colour-map hot", 2,
       "wcam-plot figure-4: unknown colour map 'hot'; known: jet, viridis, ink\n"},
      {"figure-4 x --dpi 5", 2, "wcam-plot figure-4: --dpi 5 is outside 10 to 1200\n"},
      {"figure-4 x --range panel", 2,
       "wcam-plot figure-4: --range panel goes with --style published: on paper maps of a row can be "
       "compared\n"},
      {"figure-5 x --style published --venue icml", 2,
       "wcam-plot figure-5: --venue goes with --style paper\n"},
      {"figure-5 x --venue icml --columns 3", 2,
       "wcam-plot figure-5: --columns 3: a page of icml has 2 columns\n"},
      {"figure-5 x --interpolation cubic", 2,
       "wcam-plot figure-5: unknown interpolation 'cubic'; known: nearest, smooth\n"},
      {"figure-5 x --cut 11", 2, "wcam-plot figure-5: --cut 11 is outside 0 to 10\n"},
      {"figure-5 x --variant jpeg/5 --role-index 1", 2,
       "wcam-plot figure-5: --variant and --role-index exclude each other: both say which variant is "
       "shown\n"},
      {"wcam x.h5 --out x.jpg", 2, "wcam-plot wcam: unknown format 'jpg'; known: pdf, png, svg\n"},
  };
  for (const auto& claim : claims) {
    const Ran ran = run_plot(claim.arguments);
    EXPECT_EQ(ran.code, claim.code) << claim.arguments;
    EXPECT_EQ(ran.output, claim.output) << claim.arguments;
  }
  EXPECT_EQ(run_plot("figure-4 /nowhere/at/all").code, 3);
  EXPECT_EQ(run_plot("figure-4 x --nonsense").code, 2);
}

TEST(PlotProgram, HelpTellsTheVerbs) {
  const Ran ran = run_plot("--help");
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.output.find("figure-5"), std::string::npos);
  EXPECT_NE(run_plot("figure-4 --help").output.find("--colour-map"), std::string::npos);
}

}  // namespace
}  // namespace wcam
