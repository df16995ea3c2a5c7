#include "common/base/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "common/base/error.h"

namespace wcam {

namespace {

class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
      throw std::runtime_error("OpenSSL cannot start SHA-256");
  }
  void update(const char* bytes, std::size_t count) {
    if (EVP_DigestUpdate(context_.get(), bytes, count) != 1)
      throw std::runtime_error("OpenSSL cannot continue SHA-256");
  }
  std::string hex() {
    std::array<unsigned char, 32> sum{};
    if (EVP_DigestFinal_ex(context_.get(), sum.data(), nullptr) != 1)
      throw std::runtime_error("OpenSSL cannot finish SHA-256");
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const unsigned byte : sum) {
      text += kDigits[byte >> 4U];
      text += kDigits[byte & 15U];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

std::string sha256_of(std::string_view bytes) {
  Digest digest;
  digest.update(bytes.data(), bytes.size());
  return digest.hex();
}

std::string sha256_of_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw InputError("cannot read " + file.string() + ": " + std::strerror(errno));
  Digest digest;
  std::vector<char> piece(1 << 20);
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    digest.update(piece.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) throw InputError("cannot read " + file.string() + " to its end: " + std::strerror(errno));
  return digest.hex();
}

}  // namespace wcam
