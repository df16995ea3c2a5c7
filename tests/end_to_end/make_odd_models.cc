// Writes the TorchScript files that go wrong into a folder: throws.pt, constant.pt, tuple.pt.
#include <filesystem>

#include "tests/worker/torchscript_fixture.h"

int main(int, char** argv) {
  const std::filesystem::path folder = argv[1];
  using wcam::test::save_torchscript;
  save_torchscript(folder / "throws.pt", R"(
def forward(self, x):
    assert x.size(1) == 4, "four channels wanted"
    return torch.matmul(x.mean([2, 3]), self.weight.t())
)");
  save_torchscript(folder / "constant.pt", R"(
def forward(self, x):
    return torch.matmul(x.mean([2, 3]) * 0, self.weight.t()) + self.weight.t()[0]
)");
  save_torchscript(folder / "tuple.pt", R"(
def forward(self, x):
    return (x, x)
)");
}
