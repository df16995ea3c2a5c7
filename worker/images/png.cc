#include "worker/images/png.h"

#include <png.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "worker/images/cautions.h"

namespace wcam {

namespace {

// As with libjpeg: errors jump, so the functions with a setjmp own nothing (see jpeg.cc).
struct Source {
  std::string_view rest;
  bool cut_off = false;
  char text[256] = "";
};

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
  auto& source = *static_cast<Source*>(png_get_error_ptr(png));
  std::snprintf(source.text, sizeof source.text, "%s", text);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}  // profiles and text chunks: nothing that changes pixels

void on_read(png_structp png, png_bytep to, std::size_t count) {
  auto& source = *static_cast<Source*>(png_get_io_ptr(png));
  if (count > source.rest.size()) {
    source.cut_off = true;
    png_error(png, "the data ends before the picture does");
  }
  std::memcpy(to, source.rest.data(), count);
  source.rest.remove_prefix(count);
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : source_{.rest = bytes} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source_, &on_error, &on_warning);
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::runtime_error("libpng cannot start");
    }
    png_set_read_fn(png_, &source_, &on_read);
  }
  ~Decoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  RgbImage decode(std::string* caution) {
    if (!read_header()) fail();
    check_image_size(png_get_image_height(png_, info_), png_get_image_width(png_, info_));
    if (!ask_for_rgb()) fail();
    RgbImage image = blank_image(static_cast<int>(png_get_image_height(png_, info_)),
                                 static_cast<int>(png_get_image_width(png_, info_)));
    const bool sixteen_bits = png_get_bit_depth(png_, info_) == 16;
    const std::size_t row_bytes = static_cast<std::size_t>(image.cols) * (sixteen_bits ? 6 : 3);
    if (png_get_rowbytes(png_, info_) != row_bytes)
      invariant_broken("libpng promises rows of " + std::to_string(png_get_rowbytes(png_, info_)) +
                       " bytes for " + std::to_string(image.cols) + " RGB pixels");
    std::vector<std::uint8_t> wide(sixteen_bits ? 2 * image.pixels.size() : 0);
    std::uint8_t* const first = sixteen_bits ? wide.data() : image.pixels.data();
    std::vector<png_bytep> rows;
    rows.reserve(static_cast<std::size_t>(image.rows));
    for (int r = 0; r < image.rows; ++r) rows.push_back(first + static_cast<std::size_t>(r) * row_bytes);
    if (!read_rows(rows.data())) fail();
    if (sixteen_bits) narrow(wide, image.pixels, caution);
    return image;
  }

 private:
  bool read_header() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_info(png_, info_);
    return true;
  }
  bool ask_for_rgb() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_palette_to_rgb(png_);
    png_set_expand_gray_1_2_4_to_8(png_);
    png_set_strip_alpha(png_);
    png_set_gray_to_rgb(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }
  bool read_rows(png_bytepp rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);  // a file without its last chunk is cut off
    return true;
  }
  // The upper 8 bits, of 16 or of as many as sBIT says where no number is larger than these allow.
  void narrow(const std::vector<std::uint8_t>& wide, std::vector<std::uint8_t>& pixels,
              std::string* caution) {
    const auto sample = [&wide](std::size_t i) { return wide[2 * i] * 256U + wide[2 * i + 1]; };
    unsigned largest = 0;
    for (std::size_t i = 0; i < pixels.size(); ++i) largest = std::max(largest, sample(i));
    const unsigned said = significant_bits(), bits = said >= 8 && largest >> said == 0 ? said : 16;
    for (std::size_t i = 0; i < pixels.size(); ++i)
      pixels[i] = static_cast<std::uint8_t>(sample(i) >> (bits - 8));
    if (caution != nullptr && bits == 16) *caution = few_bits(largest);
  }
  // Of the colours, as the file says; 16 where it says nothing.
  unsigned significant_bits() {
    png_color_8p bits = nullptr;
    if (png_get_sBIT(png_, info_, &bits) == 0) return 16;
    const bool grey = (png_get_color_type(png_, info_) & PNG_COLOR_MASK_COLOR) == 0;
    return grey ? bits->gray : std::max({bits->red, bits->green, bits->blue});
  }
  [[noreturn]] void fail() const {
    throw InputError((source_.cut_off ? "cut off: " : "damaged PNG: ") + std::string(source_.text));
  }

  Source source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

}  // namespace

bool is_png(std::string_view bytes) { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }

RgbImage decode_png(std::string_view bytes, std::string* caution) { return Decoder(bytes).decode(caution); }

std::string encode_png(const RgbImage& image) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.cols);
  header.height = static_cast<png_uint_32>(image.rows);
  header.format = PNG_FORMAT_RGB;
  std::string bytes;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  bytes.resize(size);
  if (png_image_write_to_memory(&header, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) == 0)
    throw std::runtime_error("libpng cannot encode a picture of " + std::to_string(image.cols) + " x " +
                             std::to_string(image.rows) + ": " + header.message);
  bytes.resize(size);
  return bytes;
}

}  // namespace wcam
