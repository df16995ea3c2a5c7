// What somebody may have meant who typed a word that is not known.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/message_text.h"

namespace wcam {

// "; did you mean 'status'?": the known words that a slip of the fingers, another case, '_' for '-' or an end
// left off turn into `word`, three at most; empty when there is none.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& known);

// The end of a refusal: did_you_mean() of the texts that `name` gives for the known, and all of them.
template <typename Range, typename Name = std::identity>
std::string but_known(const std::string& word, const Range& known, Name name = {}) {
  std::vector<std::string> words;
  for (const auto& one : known) words.emplace_back(std::invoke(name, one));
  const std::string guess = did_you_mean(word, words);
  return guess + (guess.empty() ? "; known: " : " Known: ") + joined(words);
}

}  // namespace wcam
