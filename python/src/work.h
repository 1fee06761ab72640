// What long work takes from Python: a cancellation, and a progress function that is called at most
// ten times a second, whose exception cancels the work.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>

#include "rhizo/cancellation.h"

namespace rhizo::python {

class Work {
 public:
  // `progress`: None, or callable(rows_done). Needs the GIL.
  explicit Work(nanobind::object progress);

  const WorkOptions& options() const { return options_; }
  // Throws what the progress function threw, if it did.
  void RaiseFromProgress() const;

 private:
  struct Progress;
  std::shared_ptr<Progress> progress_;
  WorkOptions options_;
};

}  // namespace rhizo::python
