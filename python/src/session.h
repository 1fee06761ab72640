// Sessions and transactions for Python. Streams come in as capsules; everything else is a plain
// value.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>

#include "rhizo/session.h"

namespace rhizo::python {

// What belongs to a session throws as its get() does.
class NativeSession {
 public:
  explicit NativeSession(std::unique_ptr<Session> session) : session_(std::move(session)) {}
  NativeSession(NativeSession&&) = default;
  ~NativeSession();

  // Throws if this thread is inside a stream this session is reading: the call would wait for
  // itself.
  Session& get();

 private:
  std::unique_ptr<Session> session_;
};

class NativeTransaction {
 public:
  NativeTransaction(const NativeSession& session, Transaction transaction)
      : session_(&session), transaction_(std::make_unique<Transaction>(std::move(transaction))) {}
  NativeTransaction(NativeTransaction&&) = default;
  ~NativeTransaction();
  Transaction& get();

 private:
  const void* session_;
  std::unique_ptr<Transaction> transaction_;
};

class NativeMerging {
 public:
  NativeMerging(const NativeSession& session, Merging merging)
      : session_(&session), merging_(std::make_unique<Merging>(std::move(merging))) {}
  Merging& get();

 private:
  const void* session_;
  std::unique_ptr<Merging> merging_;
};

void BindSession(nanobind::module_& module);
void BindTables(nanobind::class_<NativeSession>& binding);
void BindVersions(nanobind::class_<NativeSession>& binding);
void BindMerging(nanobind::module_& module, nanobind::class_<NativeSession>& binding);

}  // namespace rhizo::python
