// Streams that pass between Python and the database, guarded: those that come in are pulled in the
// thread that called; those that go out can be interrupted with Ctrl-C.
#pragma once

#include "arrow_memory.h"
#include "interrupt.h"
#include "rhizo/cancellation.h"
#include "rhizo/result.h"

namespace rhizo::python {

// Facts about a pulled stream that its reader does not pass on.
struct SourceState {
  bool interrupted = false;  // the source stopped because of Ctrl-C
};

// `inner`, pulled in the calling thread. While it is pulled, IsPulledFor(session) is true in that
// thread.
OwnedStream SourceStream(OwnedStream inner, CallingThreadPtr caller, const void* session,
                         std::shared_ptr<SourceState> state);

// Is this thread inside a stream that `session` is reading? A call of `session` would wait for
// itself then.
bool IsPulledFor(const void* session);

// `inner`; pulled in Python's main thread it stops at Ctrl-C, and KeyboardInterrupt follows.
OwnedStream InterruptibleStream(OwnedStream inner, Cancellation cancellation);

// The next batch (empty at the end), or the stream's own error. Without the GIL.
Result<OwnedArray> PullBatch(ArrowArrayStream* stream);

}  // namespace rhizo::python
