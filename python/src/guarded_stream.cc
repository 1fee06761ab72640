#include "guarded_stream.h"

#include <cerrno>
#include <cstring>

namespace nb = nanobind;

namespace rhizo::python {
namespace {

thread_local std::vector<const void*> pulling_sessions;

struct Source {
  OwnedStream inner;
  CallingThreadPtr caller;
  const void* session;
  std::shared_ptr<SourceState> state;
};

Source& SourceOf(ArrowArrayStream* stream) { return *static_cast<Source*>(stream->private_data); }

// Runs one call of the inner stream where it belongs.
int CallSource(Source& source, const std::function<int(ArrowArrayStream*)>& call) {
  int answer = EIO;
  if (source.caller == nullptr) return call(source.inner.get());
  source.caller->Call([&] {
    pulling_sessions.push_back(source.session);
    answer = call(source.inner.get());
    pulling_sessions.pop_back();
    if (answer == 0) return;
    const char* text = source.inner.get()->get_last_error(source.inner.get());
    if (text != nullptr && std::strstr(text, "KeyboardInterrupt") != nullptr)
      source.state->interrupted = true;
  });
  return answer;
}

int SourceSchema(ArrowArrayStream* stream, ArrowSchema* out) {
  return CallSource(SourceOf(stream),
                    [&](ArrowArrayStream* inner) { return inner->get_schema(inner, out); });
}

int SourceNext(ArrowArrayStream* stream, ArrowArray* out) {
  return CallSource(SourceOf(stream),
                    [&](ArrowArrayStream* inner) { return inner->get_next(inner, out); });
}

const char* SourceError(ArrowArrayStream* stream) {
  ArrowArrayStream* inner = SourceOf(stream).inner.get();
  return inner->get_last_error(inner);
}

void SourceRelease(ArrowArrayStream* stream) {
  Source* source = &SourceOf(stream);
  auto caller = source->caller;
  stream->release = nullptr;
  if (caller == nullptr) {
    delete source;
    return;
  }
  caller->Call([&] { delete source; });
}

struct Interruptible {
  OwnedStream inner;
  Cancellation cancellation;
  bool interrupted = false;
};

Interruptible& InterruptibleOf(ArrowArrayStream* stream) {
  return *static_cast<Interruptible*>(stream->private_data);
}

// A library may pull many batches that are each made sooner than signals are looked for.
bool SignalPending() {
  if (PyErr_CheckSignals() == 0) return false;
  PyErr_Clear();
  PyErr_SetInterrupt();
  return true;
}

// With the GIL held: runs `work`; true if Ctrl-C came meanwhile, which is then raised again in
// Python.
bool RunUnderSignals(const Cancellation& cancellation, const std::function<void()>& work) {
  try {
    RunInterruptibly(cancellation, std::make_shared<CallingThread>(), work);
    return false;
  } catch (nb::python_error& error) {
    error.restore();
    PyErr_Clear();
    PyErr_SetInterrupt();
    return true;
  }
}

int InterruptibleNext(ArrowArrayStream* stream, ArrowArray* out) {
  Interruptible& state = InterruptibleOf(stream);
  ArrowArrayStream* inner = state.inner.get();
  if (!Py_IsInitialized()) return inner->get_next(inner, out);
  int answer = 0;
  bool direct = false;
  {
    nb::gil_scoped_acquire acquire;
    direct = !InMainThread();
    if (!direct) {
      state.interrupted = SignalPending() || RunUnderSignals(state.cancellation, [&] {
                            answer = inner->get_next(inner, out);
                          });
    }
  }
  if (direct) answer = inner->get_next(inner, out);
  if (!state.interrupted) return answer;
  if (answer == 0 && out->release != nullptr) out->release(out);
  return EINTR;
}

int InterruptibleSchema(ArrowArrayStream* stream, ArrowSchema* out) {
  ArrowArrayStream* inner = InterruptibleOf(stream).inner.get();
  return inner->get_schema(inner, out);
}

const char* InterruptibleError(ArrowArrayStream* stream) {
  Interruptible& state = InterruptibleOf(stream);
  if (state.interrupted) return "interrupted";
  return state.inner.get()->get_last_error(state.inner.get());
}

void InterruptibleRelease(ArrowArrayStream* stream) {
  delete &InterruptibleOf(stream);
  stream->release = nullptr;
}

ErrorCode CodeOf(int answer) {
  switch (answer) {
    case ENOMEM: return ErrorCode::kOutOfMemory;
    case ECANCELED:
    case EINTR: return ErrorCode::kCancelled;
    case EINVAL: return ErrorCode::kSql;
    case EBADMSG: return ErrorCode::kCorruption;
    case ENOSPC: return ErrorCode::kDiskFull;
    default: return ErrorCode::kIo;
  }
}

}  // namespace

OwnedStream SourceStream(OwnedStream inner, CallingThreadPtr caller, const void* session,
                         std::shared_ptr<SourceState> state) {
  ArrowArrayStream stream{};
  stream.get_schema = &SourceSchema;
  stream.get_next = &SourceNext;
  stream.get_last_error = &SourceError;
  stream.release = &SourceRelease;
  stream.private_data = new Source{std::move(inner), std::move(caller), session, std::move(state)};
  return OwnedStream(stream);
}

bool IsPulledFor(const void* session) {
  for (const void* pulling : pulling_sessions) {
    if (pulling == session) return true;
  }
  return false;
}

OwnedStream InterruptibleStream(OwnedStream inner, Cancellation cancellation) {
  ArrowArrayStream stream{};
  stream.get_schema = &InterruptibleSchema;
  stream.get_next = &InterruptibleNext;
  stream.get_last_error = &InterruptibleError;
  stream.release = &InterruptibleRelease;
  stream.private_data = new Interruptible{std::move(inner), std::move(cancellation)};
  return OwnedStream(stream);
}

Result<OwnedArray> PullBatch(ArrowArrayStream* stream) {
  OwnedArray batch;
  int answer = stream->get_next(stream, batch.get());
  if (answer == 0) return batch;
  const char* text = stream->get_last_error(stream);
  return Error(CodeOf(answer), text == nullptr ? "reading the rows failed" : text);
}

}  // namespace rhizo::python
