#include "worker/images/tiff.h"

#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "worker/images/cautions.h"
#include "worker/images/inks.h"

namespace wcam {

namespace {

// That a hostile header may ask for at once: an RGBA picture of 16 bits in one strip.
constexpr std::int64_t kMostBytes = 8 * kMostPixels;

// What libtiff reads from and complains to.
struct Source {
  std::string_view bytes;
  std::uint64_t at = 0;
  bool reading_pixels = false;
  char complaint[256] = "";  // the first
};

Source& source_of(thandle_t handle) { return *static_cast<Source*>(handle); }

tmsize_t on_read(thandle_t handle, void* to, tmsize_t wanted) {
  Source& source = source_of(handle);
  const std::uint64_t rest = source.bytes.size() - std::min<std::uint64_t>(source.at, source.bytes.size());
  const std::size_t count = std::min<std::uint64_t>(rest, static_cast<std::uint64_t>(wanted));
  if (count > 0) std::memcpy(to, source.bytes.data() + source.at, count);
  source.at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t on_write(thandle_t, void*, tmsize_t) { return 0; }

toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
  Source& source = source_of(handle);
  const std::uint64_t from = whence == SEEK_CUR ? source.at : whence == SEEK_END ? source.bytes.size() : 0;
  return source.at = from + offset;
}

int on_close(thandle_t) { return 0; }

toff_t on_size(thandle_t handle) { return source_of(handle).bytes.size(); }

void note(Source& source, const char* format, va_list values) {
  if (source.complaint[0] == '\0')
    static_cast<void>(std::vsnprintf(source.complaint, sizeof source.complaint, format, values));
}

int on_error(TIFF*, void* data, const char*, const char* format, va_list values) {
  note(*static_cast<Source*>(data), format, values);
  return 1;
}

// Of tags, warnings say nothing that changes pixels; of pixels, that some were lost.
int on_warning(TIFF*, void* data, const char*, const char* format, va_list values) {
  auto& source = *static_cast<Source*>(data);
  if (source.reading_pixels) note(source, format, values);
  return 1;
}

std::string name_of(std::uint16_t photometric) {
  switch (photometric) {
    case PHOTOMETRIC_MASK:
      return "a transparency mask";
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
    case PHOTOMETRIC_ITULAB:
      return "L*a*b*";
    case PHOTOMETRIC_LOGL:
    case PHOTOMETRIC_LOGLUV:
      return "LogLuv";
    case PHOTOMETRIC_CFA:
    case 34892:  // of DNG
      return "a camera's raw data";
    default:
      return "number " + std::to_string(photometric);
  }
}

// As Pillow does. Orientations: 2 to 4 are mirrored in one side or both, 5 to 8 lie on their side as well.
RgbImage upright(RgbImage stored, int orientation) {
  if (orientation <= ORIENTATION_TOPLEFT || orientation > ORIENTATION_LEFTBOT) return stored;
  const bool swapped = orientation >= ORIENTATION_LEFTTOP;
  const auto is_one_of = [orientation](std::initializer_list<int> some) {
    return std::find(some.begin(), some.end(), orientation) != some.end();
  };
  const bool mirror_rows = is_one_of(
                 {ORIENTATION_BOTRIGHT, ORIENTATION_BOTLEFT, ORIENTATION_RIGHTTOP, ORIENTATION_RIGHTBOT}),
             mirror_cols = is_one_of(
                 {ORIENTATION_TOPRIGHT, ORIENTATION_BOTRIGHT, ORIENTATION_RIGHTBOT, ORIENTATION_LEFTBOT});
  RgbImage image = swapped ? blank_image(stored.cols, stored.rows) : blank_image(stored.rows, stored.cols);
  for (int r = 0; r < image.rows; ++r)
    for (int c = 0; c < image.cols; ++c) {
      const int y = swapped ? c : r, x = swapped ? r : c;
      std::copy_n(stored.row(mirror_rows ? stored.rows - 1 - y : y) +
                      std::ptrdiff_t{3} * (mirror_cols ? stored.cols - 1 - x : x),
                  3, image.row(r) + std::ptrdiff_t{3} * c);
    }
  return image;
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : source_{.bytes = bytes} {
    const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                   &TIFFOpenOptionsFree);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMostBytes);
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), &on_error, &source_);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), &on_warning, &source_);
    // "m": no memory map, which this is.
    tiff_.reset(TIFFClientOpenExt("TIFF", "rm", &source_, &on_read, &on_write, &on_seek, &on_close, &on_size,
                                  nullptr, nullptr, options.get()));
    if (!tiff_) fail();
  }

  RgbImage decode(std::string* caution) {
    const auto rows = tag<std::uint32_t>(TIFFTAG_IMAGELENGTH), cols = tag<std::uint32_t>(TIFFTAG_IMAGEWIDTH);
    if (rows == 0 || cols == 0) throw InputError("damaged TIFF: it does not say how large the picture is");
    check_image_size(rows, cols);
    check_kind();
    source_.reading_pixels = true;
    const auto decode = is_plain() ? &Decoder::read : &Decoder::convert;
    RgbImage image = (this->*decode)(static_cast<int>(rows), static_cast<int>(cols));
    if (source_.complaint[0] != '\0') fail();
    if (caution != nullptr && bits() == 16 &&
        (photometric() == PHOTOMETRIC_MINISBLACK || photometric() == PHOTOMETRIC_RGB))  // where 0 is black
      *caution = few_bits(largest_);
    return upright(std::move(image), tag<std::uint16_t>(TIFFTAG_ORIENTATION));
  }

 private:
  template <typename Value>
  Value tag(std::uint32_t which) const {
    Value value{};
    TIFFGetFieldDefaulted(tiff_.get(), which, &value);
    return value;
  }
  std::uint16_t photometric() const { return tag<std::uint16_t>(TIFFTAG_PHOTOMETRIC); }
  int bits() const { return tag<std::uint16_t>(TIFFTAG_BITSPERSAMPLE); }
  int channels() const { return tag<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL); }
  // Red, green and blue, or what stands for them: what follows is alpha.
  int colours() const {
    return photometric() == PHOTOMETRIC_SEPARATED                                   ? 4
           : photometric() == PHOTOMETRIC_RGB || photometric() == PHOTOMETRIC_YCBCR ? 3
                                                                                    : 1;
  }
  // Whole bytes in the order of the pixels.
  bool is_plain() const {
    return bits() >= 8 &&
           (photometric() == PHOTOMETRIC_MINISBLACK || photometric() == PHOTOMETRIC_MINISWHITE ||
            photometric() == PHOTOMETRIC_RGB || photometric() == PHOTOMETRIC_SEPARATED);
  }

  void check_kind() const {
    std::uint16_t said = 0;
    if (TIFFGetField(tiff_.get(), TIFFTAG_PHOTOMETRIC, &said) == 0)
      throw InputError("damaged TIFF: it does not say which colours its numbers are");
    switch (said) {
      case PHOTOMETRIC_MINISWHITE:
      case PHOTOMETRIC_MINISBLACK:
      case PHOTOMETRIC_RGB:
      case PHOTOMETRIC_PALETTE:
      case PHOTOMETRIC_YCBCR:
        break;
      case PHOTOMETRIC_SEPARATED:
        if (tag<std::uint16_t>(TIFFTAG_INKSET) == INKSET_CMYK) break;
        throw InputError("a TIFF of other inks than CMYK: convert it to RGB first");
      default:
        throw InputError("a TIFF whose colour space is " + name_of(said) +
                         ", not grey, RGB, CMYK, YCbCr or a palette: convert it to RGB first");
    }
    const int format = tag<std::uint16_t>(TIFFTAG_SAMPLEFORMAT);
    const bool known_bits = bits() == 8 || (bits() == 16 && is_plain()) ||
                            (bits() < 8 && (colours() == 1) && (bits() == 1 || bits() == 2 || bits() == 4));
    if (!known_bits || format != SAMPLEFORMAT_UINT)
      throw InputError("a TIFF with samples of " + std::to_string(bits()) + " bits" +
                       (format == SAMPLEFORMAT_IEEEFP ? ", floating point"
                        : format == SAMPLEFORMAT_INT  ? ", signed"
                                                      : "") +
                       "; of 8 or 16, unsigned, are read: convert it first");
    if (channels() < colours())
      throw InputError("damaged TIFF: " + std::to_string(channels()) + " numbers a pixel, expected " +
                       std::to_string(colours()));
  }

  // What is read at once: a tile, or a strip, which is a tile as wide as the picture.
  struct Block {
    bool tiled;
    int rows, cols;
    int stored;  // numbers of a pixel that lie side by side
    std::size_t row_bytes;
  };
  Block block_of(int rows, int cols) const {
    const bool tiled = TIFFIsTiled(tiff_.get()) != 0;
    const bool planes = tag<std::uint16_t>(TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
    const std::int64_t high = tag<std::uint32_t>(tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP);
    const std::int64_t wide =
        tiled ? tag<std::uint32_t>(TIFFTAG_TILEWIDTH) : static_cast<std::uint32_t>(cols);
    const std::int64_t block_rows = tiled ? high : std::min<std::int64_t>(high, rows);
    const int stored = planes ? 1 : channels();
    const std::int64_t row_bytes = wide * stored * bits() / 8;
    if (block_rows < 1 || wide < 1 || row_bytes > kMostBytes || block_rows * row_bytes > kMostBytes)
      throw InputError("damaged TIFF: its strips or tiles of " + std::to_string(wide) + " x " +
                       std::to_string(block_rows) + " pixels are not of 1 to " + std::to_string(kMostBytes) +
                       " bytes");
    return {tiled, static_cast<int>(block_rows), static_cast<int>(wide), stored,
            static_cast<std::size_t>(row_bytes)};
  }

  // Of planes, only the colours' are read.
  RgbImage read(int rows, int cols) {
    const Block block = block_of(rows, cols);
    std::vector<std::uint8_t> bytes(block.row_bytes * static_cast<std::size_t>(block.rows));
    std::vector<std::uint8_t> samples(static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols) *
                                      static_cast<std::size_t>(colours()));
    const auto place = [&](int row, int col) {
      return samples.data() + (static_cast<std::ptrdiff_t>(row) * cols + col) * colours();
    };
    const int planes = block.stored == 1 ? colours() : 1;
    for (int plane = 0; plane < planes; ++plane)
      for (int row = 0; row < rows; row += block.rows)
        for (int col = 0; col < cols; col += block.cols) {
          const int high = std::min(block.rows, rows - row);
          bytes.resize(block.row_bytes * static_cast<std::size_t>(block.tiled ? block.rows : high));
          if (!read_block(block.tiled, row, col, plane, bytes)) fail();
          for (int r = 0; r < high; ++r)
            take(bytes.data() + static_cast<std::size_t>(r) * block.row_bytes,
                 std::min(block.cols, cols - col), block.stored, place(row + r, col) + plane);
        }
    return to_rgb(std::move(samples), rows, cols);
  }

  bool read_block(bool tiled, int row, int col, int plane, std::vector<std::uint8_t>& bytes) {
    const auto y = static_cast<std::uint32_t>(row), x = static_cast<std::uint32_t>(col);
    const auto sample = static_cast<std::uint16_t>(plane);
    const auto size = static_cast<tmsize_t>(bytes.size());
    TIFF* const tiff = tiff_.get();
    return size ==
           (tiled ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, x, y, 0, sample), bytes.data(), size)
                  : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, y, sample), bytes.data(), size));
  }

  // The upper eight bits of `pixels` pixels of which `stored` numbers lie side by side.
  void take(const std::uint8_t* from, int pixels, int stored, std::uint8_t* to) {
    const int wanted = colours(), bits_each = bits(), taken = std::min(stored, wanted);
    for (int i = 0; i < pixels; ++i, to += wanted)
      for (int c = 0; c < taken; ++c) {
        const std::ptrdiff_t at = std::ptrdiff_t{i} * stored + c;
        std::uint16_t sample = from[at];
        if (bits_each == 16) std::memcpy(&sample, from + 2 * at, sizeof sample);
        to[c] = static_cast<std::uint8_t>(sample >> (bits_each - 8));
        largest_ = std::max(largest_, sample);
      }
  }

  RgbImage to_rgb(std::vector<std::uint8_t> samples, int rows, int cols) const {
    if (colours() == 3) return {rows, cols, std::move(samples)};
    RgbImage image = blank_image(rows, cols);
    const unsigned flip = photometric() == PHOTOMETRIC_MINISWHITE ? 255U : 0U;
    std::uint8_t* rgb = image.pixels.data();
    for (std::size_t i = 0; i < samples.size(); i += static_cast<std::size_t>(colours()), rgb += 3)
      if (colours() == 4)
        inks_to_rgb(samples.data() + i, rgb);
      else
        std::fill_n(rgb, 3, static_cast<std::uint8_t>(samples[i] ^ flip));
    return image;
  }

  // What libtiff converts itself. It would multiply by an alpha that it knows to be one.
  RgbImage convert(int rows, int cols) {
    if (channels() > colours()) {
      const std::vector<std::uint16_t> extra(static_cast<std::size_t>(channels() - colours()),
                                             EXTRASAMPLE_ASSOCALPHA);
      TIFFSetField(tiff_.get(), TIFFTAG_EXTRASAMPLES, static_cast<int>(extra.size()), extra.data());
    }
    TIFFRGBAImage converter{};
    char why[1024] = "";
    constexpr int kStop = 1;  // at the first error
    if (TIFFRGBAImageBegin(&converter, tiff_.get(), kStop, why) == 0)
      throw InputError("a TIFF of a kind that libtiff does not convert: " + std::string(why));
    converter.orientation = converter.req_orientation = ORIENTATION_TOPLEFT;
    std::vector<std::uint32_t> raster(static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols));
    const int all_well = TIFFRGBAImageGet(&converter, raster.data(), static_cast<std::uint32_t>(cols),
                                          static_cast<std::uint32_t>(rows));
    TIFFRGBAImageEnd(&converter);
    if (all_well == 0) fail();
    RgbImage image = blank_image(rows, cols);
    std::uint8_t* out = image.pixels.data();
    for (const std::uint32_t pixel : raster) {
      *out++ = static_cast<std::uint8_t>(TIFFGetR(pixel));
      *out++ = static_cast<std::uint8_t>(TIFFGetG(pixel));
      *out++ = static_cast<std::uint8_t>(TIFFGetB(pixel));
    }
    return image;
  }

  [[noreturn]] void fail() const {
    throw InputError("damaged TIFF or cut off: " + std::string(source_.complaint[0] == '\0'
                                                                   ? "its data cannot be read"
                                                                   : source_.complaint));
  }

  Source source_;
  std::unique_ptr<TIFF, decltype(&TIFFClose)> tiff_{nullptr, &TIFFClose};
  std::uint16_t largest_ = 0;  // number read
};

}  // namespace

bool is_tiff(std::string_view bytes) {
  for (const std::string_view start : {std::string_view("II*\0", 4), std::string_view("MM\0*", 4),
                                       std::string_view("II+\0", 4), std::string_view("MM\0+", 4)})
    if (bytes.starts_with(start)) return true;
  return false;
}

RgbImage decode_tiff(std::string_view bytes, std::string* caution) { return Decoder(bytes).decode(caution); }

}  // namespace wcam
