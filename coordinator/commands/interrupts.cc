#include "coordinator/commands/interrupts.h"

#include <csignal>
#include <initializer_list>

#include "common/command_line/interrupt_pace.h"

namespace wcam {

namespace {

std::atomic<int> interrupts{0};
static_assert(std::atomic<int>::is_always_lock_free);  // may be used in a signal handler

}  // namespace

const std::atomic<int>& count_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) {
    if (counts_as_another()) ++interrupts;
  };
  for (const int number : {SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
  return interrupts;
}

}  // namespace wcam
