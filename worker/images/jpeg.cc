#include "worker/images/jpeg.h"

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "common/base/error.h"
#include "worker/images/inks.h"

extern "C" {
// After <cstdio> and <cstddef>, which it needs and does not include.
#include <jerror.h>
#include <jpeglib.h>
}

namespace wcam {

namespace {

// libjpeg reports errors by a function that must not return: it jumps back to the setjmp of the function that
// called libjpeg. A jump runs no destructors, so those functions own nothing and only plain data crosses
// them.
struct Errors {
  jpeg_error_mgr manager;  // first, so that libjpeg's pointer to it is a pointer to this
  std::jmp_buf back;
  char text[JMSG_LENGTH_MAX];
  const char *begin, *end;  // of what is decoded
  bool cut_off;
  char damage[JMSG_LENGTH_MAX];  // the first warning that says that pixels were lost
};

Errors& errors_of(j_common_ptr codec) { return *reinterpret_cast<Errors*>(codec->err); }

[[noreturn]] void on_error(j_common_ptr codec) {
  Errors& errors = errors_of(codec);
  errors.manager.format_message(codec, errors.text);
  std::longjmp(errors.back, 1);
}

// What is left of a scan when all its blocks are decoded. Cameras pad with a few bytes or with zeros; more is
// what blocks should have been made of, which damage before it has let libjpeg misread.
bool is_padding(j_common_ptr codec) {
  constexpr std::ptrdiff_t kFew = 64;
  const auto& decoder = *reinterpret_cast<j_decompress_ptr>(codec);
  const std::ptrdiff_t skipped = codec->err->msg_parm.i[0];
  if (decoder.input_scan_number == 0 || skipped <= kFew) return true;  // else among the headers
  const Errors& errors = errors_of(codec);
  const char* after = reinterpret_cast<const char*>(decoder.src->next_input_byte);
  if (after < errors.begin + skipped || after > errors.end) return false;
  return std::all_of(after - skipped, after, [](char byte) { return byte == 0; });
}

// Warnings that say nothing of the pixels are named; all others, those of a later libjpeg too, are of damage.
bool tells_of_damage(j_common_ptr codec) {
  switch (codec->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
      return !is_padding(codec);
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:  // parameters that a baseline scan does not use
      return false;
    default:
      return true;
  }
}

// Level -1 is a warning.
void on_message(j_common_ptr codec, int level) {
  Errors& errors = errors_of(codec);
  if (level >= 0 || codec->is_decompressor == FALSE) return;
  if (codec->err->msg_code == JWRN_JPEG_EOF)
    errors.cut_off = true;
  else if (errors.damage[0] == '\0' && tells_of_damage(codec))
    errors.manager.format_message(codec, errors.damage);
}

jpeg_error_mgr* prepare(Errors& errors) {
  jpeg_std_error(&errors.manager);
  errors.manager.error_exit = &on_error;
  errors.manager.emit_message = &on_message;
  errors.text[0] = errors.damage[0] = '\0';
  errors.cut_off = false;
  return &errors.manager;
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_(bytes) {
    codec_.err = prepare(errors_);
    errors_.begin = bytes.data();
    errors_.end = bytes.data() + bytes.size();
    if (create()) return;
    jpeg_destroy_decompress(&codec_);  // an object whose constructor throws has no destructor
    fail();
  }
  ~Decoder() { jpeg_destroy_decompress(&codec_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  RgbImage decode() {
    if (!read_header()) fail();
    check_image_size(codec_.image_height, codec_.image_width);
    const bool four_inks = codec_.jpeg_color_space == JCS_CMYK || codec_.jpeg_color_space == JCS_YCCK;
    codec_.out_color_space = four_inks ? JCS_CMYK : JCS_RGB;
    if (!start()) fail();
    RgbImage image =
        blank_image(static_cast<int>(codec_.output_height), static_cast<int>(codec_.output_width));
    std::vector<std::uint8_t> inks(four_inks ? static_cast<std::size_t>(image.cols) * 4 : 0);
    for (int r = 0; r < image.rows; ++r) {
      if (!read_row(four_inks ? inks.data() : image.row(r))) fail();
      if (four_inks) row_to_rgb(inks, image.row(r));
    }
    // The end may be missing although all rows are there; whether the last block was whole cannot be known.
    if (!finish()) fail();
    if (errors_.cut_off) throw InputError("cut off: the data ends before the picture does");
    if (errors_.damage[0] != '\0')
      throw InputError(std::string("damaged JPEG, part of the picture is lost: ") + errors_.damage);
    return image;
  }

 private:
  bool create() {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_create_decompress(&codec_);
    // libjpeg takes a non-const pointer in some versions and never writes through it.
    jpeg_mem_src(&codec_, reinterpret_cast<const unsigned char*>(bytes_.data()),
                 static_cast<unsigned long>(bytes_.size()));
    return true;
  }
  bool read_header() {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_read_header(&codec_, TRUE);
    return true;
  }
  bool start() {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_start_decompress(&codec_);
    return true;
  }
  bool read_row(std::uint8_t* row) {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_read_scanlines(&codec_, &row, 1);
    return true;
  }
  bool finish() {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_finish_decompress(&codec_);
    return true;
  }

  // Pillow's rule: with Adobe's marker the inks are stored inverted.
  void row_to_rgb(std::vector<std::uint8_t>& inks, std::uint8_t* rgb) const {
    if (codec_.saw_Adobe_marker)
      for (std::uint8_t& ink : inks) ink ^= 255U;
    for (std::size_t i = 0; i < inks.size(); i += 4, rgb += 3) inks_to_rgb(inks.data() + i, rgb);
  }

  [[noreturn]] void fail() const { throw InputError(std::string("damaged JPEG: ") + errors_.text); }

  std::string_view bytes_;
  Errors errors_{};
  jpeg_decompress_struct codec_{};
};

class Encoder {
 public:
  Encoder() {
    codec_.err = prepare(errors_);
    if (create()) return;
    jpeg_destroy_compress(&codec_);
    fail();
  }
  ~Encoder() {
    jpeg_destroy_compress(&codec_);
    std::free(buffer_);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  std::vector<std::uint8_t> encode(const RgbImage& image, int quality) {
    if (!write(image, quality)) fail();
    return {buffer_, buffer_ + size_};
  }

 private:
  bool create() {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_create_compress(&codec_);
    jpeg_mem_dest(&codec_, &buffer_, &size_);
    return true;
  }
  bool write(const RgbImage& image, int quality) {
    if (setjmp(errors_.back) != 0) return false;
    codec_.image_width = static_cast<JDIMENSION>(image.cols);
    codec_.image_height = static_cast<JDIMENSION>(image.rows);
    codec_.input_components = 3;
    codec_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&codec_);
    jpeg_set_quality(&codec_, quality, TRUE);
    jpeg_start_compress(&codec_, TRUE);
    while (codec_.next_scanline < codec_.image_height) {
      // libjpeg declares its input rows non-const and only reads them.
      JSAMPROW row = const_cast<JSAMPROW>(image.row(static_cast<int>(codec_.next_scanline)));
      jpeg_write_scanlines(&codec_, &row, 1);
    }
    jpeg_finish_compress(&codec_);
    return true;
  }

  [[noreturn]] void fail() const {
    throw std::runtime_error(std::string("libjpeg cannot encode: ") + errors_.text);
  }

  unsigned char* buffer_ = nullptr;
  unsigned long size_ = 0;
  Errors errors_{};
  jpeg_compress_struct codec_{};
};

}  // namespace

bool is_jpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }

RgbImage decode_jpeg(std::string_view bytes) { return Decoder(bytes).decode(); }

std::vector<std::uint8_t> encode_jpeg(const RgbImage& image, int quality) {
  if (image.rows > JPEG_MAX_DIMENSION || image.cols > JPEG_MAX_DIMENSION)
    throw InputError("an image of " + std::to_string(image.cols) + " x " + std::to_string(image.rows) +
                     " pixels cannot be a JPEG; the largest side is " + std::to_string(JPEG_MAX_DIMENSION));
  return Encoder().encode(image, quality);
}

std::string jpeg_version() {
#ifdef LIBJPEG_TURBO_VERSION
#define WCAM_TEXT_OF(macro) #macro
#define WCAM_TEXT(macro) WCAM_TEXT_OF(macro)
  return "libjpeg-turbo " WCAM_TEXT(LIBJPEG_TURBO_VERSION);
#undef WCAM_TEXT
#undef WCAM_TEXT_OF
#else
  return "libjpeg " + std::to_string(JPEG_LIB_VERSION);
#endif
}

}  // namespace wcam
