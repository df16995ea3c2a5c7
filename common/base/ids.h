// Names of things that are never mixed up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wcam {

// A job's id is the first 63 bits of the SHA-256 of what it is (kind, image, variant, case, label,
// replicate), so it is the same in every run of a sweep and when a sweep is extended, and fits SQLite's
// signed integers.
enum class JobId : std::uint64_t {};
// Rises by one each time a job is handed out, from 1.
enum class Attempt : std::uint32_t {};

enum class JobKind : std::uint8_t { kPredict, kExplain };

// variants: empty of what a sweep began with; names of what an extension added, with commas.
JobId predict_job_id(std::string_view image, std::string_view case_name, std::string_view variants = "");
// explained: the first of its kinds of label (common/study/label_kinds.h). What the published study explains
// has the id that it had before there were other labels and replicates.
JobId explain_job_id(std::string_view image, std::string_view variant, std::string_view case_name,
                     std::string_view explained = "predicted", std::uint32_t replicate = 0);

// 128 random bits as 32 hex digits: two processes never share one, whatever host or container they run in.
std::string random_name();

// 16 hex digits: how people see a job id.
std::string to_string(JobId id);
std::string to_string(JobKind kind);

constexpr std::uint64_t value(JobId id) { return static_cast<std::uint64_t>(id); }
constexpr std::uint32_t value(Attempt attempt) { return static_cast<std::uint32_t>(attempt); }

}  // namespace wcam
