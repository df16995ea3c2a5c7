#include "plotting/gallery/gallery.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/file.h"
#include "plotting/canvas.h"
#include "plotting/gallery/gallery_index.h"
#include "plotting/gallery/page_files.h"
#include "plotting/sweep_reader.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

const std::string kMaps = "maps", kPhotographs = "photographs";  // kinds of scripts, as gallery.js knows them
constexpr int kPhotographSide = 112;           // pixels at most; half of what most networks see
constexpr std::size_t kScriptBytes = 400'000;  // about so much, before base64, is fetched at once

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::size_t base64_size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

// Each pixel the mean of those it stands for; a smaller picture as it is.
Picture shrunk(const Picture& picture) {
  if (picture.side <= kPhotographSide) return picture;
  Picture small{kPhotographSide, {}};
  const auto edge = [&](int i) { return i * picture.side / small.side; };
  for (int y = 0; y < small.side; ++y)
    for (int x = 0; x < small.side; ++x)
      for (int channel = 0; channel < 3; ++channel) {
        int sum = 0;
        for (int v = edge(y); v < edge(y + 1); ++v)
          for (int u = edge(x); u < edge(x + 1); ++u)
            sum += picture.rgb[static_cast<std::size_t>((v * picture.side + u) * 3 + channel)];
        const int pixels = (edge(y + 1) - edge(y)) * (edge(x + 1) - edge(x));
        small.rgb.push_back(static_cast<std::uint8_t>((sum + pixels / 2) / pixels));
      }
  return small;
}

std::string png(const Picture& picture) {
  Canvas canvas(Format::kPng, picture.side, picture.side, 72, "");
  canvas.photograph({0, 0, static_cast<double>(picture.side), static_cast<double>(picture.side)}, picture.rgb,
                    picture.side);
  return canvas.finish();
}

// What is sent of a map: its cells, then their standard errors, float32 in the order of the machine, which
// is little-endian where we run and where browsers do.
std::string map_bytes(const ProfileRow& profile) {
  std::string bytes;
  for (const auto* values : {&profile.wcam, &profile.standard_error})
    bytes.append(reinterpret_cast<const char*>(values->data()), values->size() * sizeof(float));
  return bytes;
}

// Items of one kind, so many a script: wcamData("maps", 3, "item,item").
class Scripts {
 public:
  using Put = std::function<void(const std::string& name, const std::string& script)>;
  Scripts(std::string kind, std::size_t item_bytes, Put put)
      : kind_(std::move(kind)),
        in_each_(std::max(kScriptBytes / item_bytes, std::size_t{1})),
        put_(std::move(put)) {}

  std::size_t in_each() const { return in_each_; }
  void add(const std::string& bytes) {
    text_ += (items_ == 0 ? "" : ",") + base64(bytes);
    if (++items_ == in_each_) flush();
  }
  void flush() {
    if (items_ == 0) return;
    const std::string number = std::to_string(count_++);
    put_(kind_ + "-" + number + ".js", "wcamData(\"" + kind_ + "\"," + number + ",\"" + text_ + "\");\n");
    text_.clear();
    items_ = 0;
  }

 private:
  const std::string kind_;
  const std::size_t in_each_;
  const Put put_;
  std::string text_;
  std::size_t items_ = 0, count_ = 0;
};

// The template, piece by piece: what stands before the next {{NAME}}.
class Template {
 public:
  std::string_view before(const std::string& name) {
    const std::string mark = "{{" + name + "}}";
    const std::size_t end = kGalleryHtml.find(mark, from_);
    const std::string_view piece = kGalleryHtml.substr(from_, end - from_);
    from_ = end + mark.size();
    return piece;
  }
  std::string_view rest() const { return kGalleryHtml.substr(from_); }

 private:
  std::size_t from_ = 0;
};

// JSON that may stand in a page: '<' is only ever in texts.
std::string page_json(const nlohmann::json& json) {
  const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string safe;
  for (const char c : text) c == '<' ? safe += "\\u003c" : safe += c;
  return safe;
}

// Those of an earlier gallery; nothing else that somebody may have put there, and the folder if it is empty.
void remove_scripts(const fs::path& folder) {
  if (!fs::is_directory(folder)) return;
  const std::vector<fs::directory_entry> there{fs::directory_iterator(folder), fs::directory_iterator()};
  for (const fs::directory_entry& entry : there) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".js") && (name.starts_with(kMaps + "-") || name.starts_with(kPhotographs + "-")))
      fs::remove(entry.path());
  }
  if (fs::is_empty(folder)) fs::remove(folder);
}

}  // namespace

fs::path gallery_files(const fs::path& page) {
  return fs::path(page).replace_extension().string() + "_files";
}

bool write_gallery(const GalleryRequest& request) {
  SweepReader sweep(request.sweep, {});
  const GalleryOrder order = gallery_order(sweep.profiles(), sweep.plan().variants);
  const auto grid = static_cast<std::size_t>(sweep.plan().wcam.grid);
  const std::size_t map_size = 2 * sizeof(float) * grid * grid;
  const int side = std::min(sweep.plan().input_size(), kPhotographSide);
  // A PNG is hardly larger than its pixels.
  const std::size_t photograph_size = static_cast<std::size_t>(side * side) * 3 + 2000;
  const bool folder =
      order.rows.size() * base64_size(map_size) + order.groups.size() * base64_size(photograph_size) >
      request.largest_file;
  const fs::path files = gallery_files(request.out);
  if (request.out.has_parent_path()) make_directories(request.out.parent_path());
  PendingFile page(request.out);
  std::ofstream html(page.path(), std::ios::binary);
  const auto put_script = [&](const std::string& name, const std::string& script) {
    if (folder)
      write_file_atomically(files / name, script);
    else
      html << "<script>" << script << "</script>\n";
  };
  if (folder || fs::exists(files)) {
    // An earlier page goes before what it showed: none is left with another's maps.
    fs::remove(request.out);
    remove_scripts(files);
  }
  if (folder) make_directories(files);

  Template pieces;
  html << pieces.before("css") << kGalleryCss << pieces.before("script") << kGalleryJs
       << pieces.before("data");
  Scripts maps(kMaps, map_size, put_script), photographs(kPhotographs, photograph_size, put_script);
  GalleryScale scale(order.rows.size() * grid * grid);
  for (const GalleryGroup& group : order.groups) {
    const OrAbsent<Picture> picture = sweep.picture(order.rows[group.first]);
    const auto* stored = std::get_if<Picture>(&picture);
    photographs.add(stored != nullptr ? png(shrunk(*stored)) : "");
    for (std::size_t i = group.first; i < group.first + group.count; ++i) {
      const ProfileRow profile = sweep.profile(order.rows[i]);
      scale.add(profile.wcam);
      maps.add(map_bytes(profile));
    }
  }
  maps.flush();
  photographs.flush();
  nlohmann::json index = gallery_index(sweep, order, scale);
  index["files"] = folder ? files.filename().string() : "";
  index["in_each"] = {{kMaps, maps.in_each()}, {kPhotographs, photographs.in_each()}};
  html << pieces.before("index") << page_json(index) << pieces.rest();
  html.close();
  if (!html) throw InputError("cannot write " + request.out.string());
  page.commit();
  return folder;
}

}  // namespace wcam
