#include "io/testing/child_process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "base/check.h"

namespace rhizo::io {
namespace {

// Output that is still buffered would be written by both.
pid_t Fork() {
  std::fflush(nullptr);
  const pid_t process = fork();
  CHECK(process != -1);
  return process;
}

}  // namespace

WaitingChild::WaitingChild(const std::function<void()>& prepare) {
  int ready[2];
  CHECK(pipe(ready) == 0);
  process_ = Fork();
  if (process_ == 0) {
    prepare();
    CHECK(write(ready[1], "r", 1) == 1);
    while (true) pause();
  }
  close(ready[1]);
  char byte;
  CHECK(read(ready[0], &byte, 1) == 1);
  close(ready[0]);
}

void WaitingChild::Kill() {
  if (process_ == -1) return;
  kill(process_, SIGKILL);
  CHECK(waitpid(process_, nullptr, 0) == process_);
  process_ = -1;
}

bool TrueInChild(const std::function<bool()>& check) {
  const pid_t process = Fork();
  if (process == 0) _exit(check() ? 0 : 1);
  int status = 0;
  CHECK(waitpid(process, &status, 0) == process);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace rhizo::io
