// Small TorchScript files made on the spot, so that tests need no Python and no files from elsewhere.
#pragma once

#include <filesystem>
#include <string>

namespace wcam::test {

// A module with `source` as its methods (TorchScript's Python) and a float parameter `weight` [classes, 3],
// filled with 0.01, 0.02, ... row by row. Saved to `file`.
void save_torchscript(const std::filesystem::path& file, const std::string& source, int classes = 4);

// Logit of class k: the mean of each channel times weight[k].
inline constexpr const char* kLinearOnChannelMeans = R"(
def forward(self, x):
    return torch.matmul(x.mean([2, 3]), self.weight.t())
)";

}  // namespace wcam::test
