// Every verb of every program, in the order in which people meet them. --help, the manual pages and the
// completion all say what stands here.
#pragma once

#include <string_view>

namespace wcam {

struct VerbEntry {
  const char* name;
  const char* program;  // that acts on it
  const char* about;    // one line, the same wherever the verb is listed
  bool of_wcam;         // `wcam NAME` is it too: wcam becomes the program, or wraps it
};

inline constexpr VerbEntry kVerbTable[] = {
    {"run", "wcam", "run or resume a sweep on this machine, then draw its figures", true},
    {"run", "wcam-coordinator", "make or resume a sweep and serve its jobs to workers", false},
    {"run", "wcam-worker", "serve a sweep's coordinator until nothing is left to do", false},
    {"submit", "wcam", "run or resume a sweep on a Slurm cluster", true},
    {"explain", "wcam-worker", "the WCAM of one image under one classifier, without a sweep", true},
    {"check-models", "wcam-worker", "whether the cases of a models.json are what they are said to be", true},
    {"doctor", "wcam", "whether this host is fit: devices, LibTorch, files, locks, network", true},
    {"doctor", "wcam-coordinator", "whether a sweep would be safe in a folder and found on this host", false},
    {"doctor", "wcam-worker", "whether LibTorch, driver and devices of this host compute right", false},
    {"corrupt", "wcam-worker", "a corrupted image as a sweep sees it, or all corruptions on one sheet", true},
    {"tune", "wcam-worker", "in which form and batch each network is fastest on this host", true},
    {"measure", "wcam-worker", "how fast this worker would be at a plan's cases", false},
    {"try", "wcam-worker", "whether a device, or the networks of a plan, can be used", false},
    {"plan", "wcam-coordinator", "what run would do, and what it costs", true},
    {"status", "wcam-coordinator", "how far a sweep is", true},
    {"jobs", "wcam-coordinator", "the jobs of a sweep, listed", true},
    {"show", "wcam-coordinator", "one job of a sweep and every attempt at it", true},
    {"pause", "wcam-coordinator", "hand nothing more out until resume", true},
    {"resume", "wcam-coordinator", "go on after pause", true},
    {"drain", "wcam-coordinator", "let one worker of a sweep finish and go", true},
    {"cancel", "wcam-coordinator", "give up jobs, a case, an image or all that is left", true},
    {"retry", "wcam-coordinator", "put back what was set aside or cancelled", true},
    {"verify", "wcam-coordinator", "whether ledger and results of a sweep are sound", true},
    {"repair", "wcam-coordinator", "mend the ledger of a sweep from what is stored, or make it anew", true},
    {"keys", "wcam-coordinator", "the keys of a sweep's coordinator and workers: make, add, revoke, list",
     true},
    {"pack", "wcam-coordinator", "merge a sweep's segments into results.h5", true},
    {"info", "wcam-analysis", "what a sweep or a file of results is, and what it was made from", true},
    {"export", "wcam-analysis", "stored results as CSV or NPZ, a row a WCAM, a row a prediction", true},
    {"plot", "wcam", "draw figures from stored results: of one WCAM, an image, a sweep", true},
    {"figure-4", "wcam-plot", "an image under one case: source, unaffected, affected", false},
    {"figure-5", "wcam-plot", "an image under every case: source, altered", false},
    {"spatial", "wcam-plot", "which places of an image matter, over the photograph, by case", false},
    {"rebuilt", "wcam-plot", "a photograph rebuilt from its most important cells", false},
    {"mean", "wcam-plot", "the mean map of a sweep's images, by case", false},
    {"difference", "wcam-plot", "what altering the images does to their maps, by case, and its noise", false},
    {"all", "wcam-plot", "every figure of a sweep that has changed", false},
    {"wcam", "wcam-plot", "one WCAM of `wcam explain`", false},
    {"report", "wcam-plot", "what a sweep answers: a page of answers, figures and tables", true},
    {"gallery", "wcam-plot", "every map of a sweep on one page, to browse offline", true},
};

// Whether a program's --help lists a verb.
constexpr bool lists(std::string_view program, const VerbEntry& verb) {
  return program == "wcam" ? verb.of_wcam : program == verb.program;
}

}  // namespace wcam
