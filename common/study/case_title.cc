#include "common/study/case_title.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <utility>

namespace wcam {

namespace {

// Training methods of the published study first, then architectures, as their authors write them.
constexpr std::pair<const char*, const char*> kTitles[] = {
    {"baseline", "Baseline"},
    {"sin", "SIN"},
    {"augmix", "AugMix"},
    {"pixmix", "PixMix"},
    {"adv", "Adv."},
    {"adv-free", "Adv. free"},
    {"fast-adv", "Fast adv."},
    {"deepaugment", "DeepAugment"},
    {"cutmix", "CutMix"},
    {"mixup", "mixup"},
    {"ant", "ANT"},
    {"prime", "PRIME"},
    {"vit", "ViT"},
    {"deit", "DeiT"},
    {"swin", "Swin"},
    {"convnext", "ConvNeXt"},
    {"resnet18", "ResNet-18"},
    {"resnet50", "ResNet-50"},
    {"vgg", "VGG"},
    {"vgg16", "VGG-16"},
    {"vgg19", "VGG-19"},
    {"alexnet", "AlexNet"},
    {"mobilenet-v2", "MobileNetV2"},
};

}  // namespace

std::string case_title(const std::string& name) {
  std::string plain;
  for (const char c : name)
    plain += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto* found = std::find_if(std::begin(kTitles), std::end(kTitles),
                                   [&](const auto& entry) { return plain == entry.first; });
  return found == std::end(kTitles) ? name : found->second;
}

std::vector<std::string> case_titles(const std::vector<std::string>& names) {
  std::map<std::string, int> times;
  for (const std::string& name : names) ++times[case_title(name)];
  std::vector<std::string> titles;
  for (const std::string& name : names) {
    const std::string title = case_title(name);
    titles.push_back(times[title] == 1 ? title : title + " (" + name + ")");
  }
  return titles;
}

}  // namespace wcam
