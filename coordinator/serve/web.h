// The page of a running sweep, read-only, over HTTP. Its thread sees snapshots that the coordinator's loop
// publishes and the pictures in SWEEP/figures; never the scheduler, the ledger or HDF5.
//
//   /              the page, which refreshes itself        /status.json   to_json_text(PageData)
//   /metrics       Prometheus text                         /figures/NAME  a PNG of SWEEP/figures
//   /healthz       200 while the loop turns (10 s) or has ended, else 503
//
// GET and HEAD alone; one request a connection, of 16 KiB and 5 s at most, its answer taken within 30 s; 40
// at a time, the rest in the kernel's queue. On loopback the Host header must name this machine, so that no
// web site reads the page through a name that it points here (DNS rebinding).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/base/sweep_directory.h"
#include "coordinator/serve/page_data.h"

namespace wcam {

struct WebOptions {
  std::string address;    // "ADDRESS:PORT"; PORT may be * or 0: any free one
  bool insecure = false;  // allow an address beyond loopback: nothing is encrypted, whoever connects reads

  // What is wrong, in a sentence; nullopt when usable.
  std::optional<std::string> problem() const;
};

class Web {
 public:
  // Serves when this returns; until the first snapshot it says that the sweep is starting. Throws InputError
  // naming the address and the reason.
  Web(const WebOptions& options, const SweepDirectory& sweep);
  // Ends at once, whoever holds a connection.
  ~Web();
  Web(const Web&) = delete;
  Web& operator=(const Web&) = delete;

  // "http://127.0.0.1:43211/"
  const std::string& url() const;

  // From any thread, some times in 10 s: /healthz says that the loop turns while what it has is younger.
  void publish(PageData snapshot, std::chrono::steady_clock::time_point taken);

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace wcam
