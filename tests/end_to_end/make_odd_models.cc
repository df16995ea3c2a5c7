// Writes the TorchScript files that go wrong into a folder: throws.pt, constant.pt, tuple.pt,
// hungry.pt (512 MiB an image), endless.pt (computes for ever, once it is loaded).
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
  // The trial at loading is on two pictures, a job's batch is larger.
  save_torchscript(folder / "endless.pt", R"(
def forward(self, x):
    y = torch.matmul(x.mean([2, 3]), self.weight.t())
    while x.size(0) > 2:
        y = y + 1
    return y
)");
  // Allocated, hardly touched: what counts is the address space.
  save_torchscript(folder / "hungry.pt", R"(
def forward(self, x):
    h = torch.empty([x.size(0), 134217728])
    h[:, 0:4].zero_()
    return torch.matmul(x.mean([2, 3]), self.weight.t()) + h[:, 0:4]
)");
}
