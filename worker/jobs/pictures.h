// Where a job's pixels come from: the planned image, its variants made or read. Keeps what the next jobs are
// likely to need again. One thread.
#pragma once

#include <wire.pb.h>

#include <optional>
#include <string>
#include <vector>

#include "common/study/plan.h"
#include "worker/base/lru_cache.h"
#include "worker/corruption/corruption.h"
#include "worker/images/disk_variants.h"
#include "worker/images/rgb_image.h"
#include "worker/images/stage.h"
#include "worker/jobs/local_paths.h"

namespace wcam {

class Pictures {
 public:
  // Plan and stage outlive this. A worker that was told to look for images or variants elsewhere (`paths`)
  // and finds others than the planned ones there cannot serve: that says nothing of the images of others.
  Pictures(const Plan& plan, const Stage& stage, const LocalPaths& paths);

  // The pixels of one variant of a job's image, or of the source, as the cases see them. Throws InputError
  // when the image cannot be opened, BadImage when it is not the planned file or cannot be decoded,
  // CannotServe when the fault is this worker's.
  // caution: what makes them doubtful, if anything does (worker/images/cautions.h), else empty.
  RgbImage of(const wire::Job& job, const std::string& variant, std::string& caution);

  // What a predict job predicts: so many variants of the plan from the first on, 0 being the source. Throws
  // the same, and InputError for variants that the plan does not have. caution: of the first that is
  // doubtful.
  std::vector<RgbImage> all(const wire::Job& job, std::string& caution);

 private:
  struct Source {
    RgbImage image;
    std::string caution;
  };
  const Source& source(const wire::Job& job);
  // The overlays of the corruption frost, read once it is wanted; else empty.
  const FrostOverlays& frost_overlays();

  const Plan& plan_;
  const Stage& stage_;
  const bool own_images_, own_variants_;
  LruCache<Source> sources_;
  DiskVariants disk_variants_;
  std::optional<FrostOverlays> frost_overlays_;
};

}  // namespace wcam
