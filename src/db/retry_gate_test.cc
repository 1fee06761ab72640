#include "db/retry_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "io/testing/temporary_directory.h"

namespace rhizo::db {
namespace {

using std::chrono::milliseconds;

RetryGate::Deadline In(milliseconds time) { return std::chrono::steady_clock::now() + time; }

class RetryGateTest : public ::testing::Test {
 protected:
  // Another one stands for another process.
  std::shared_ptr<RetryGate> NewGate() {
    return std::make_shared<RetryGate>(directory_.Path("again"));
  }
  io::TemporaryDirectory directory_;
  std::shared_ptr<RetryGate> gate_ = NewGate();
};

TEST_F(RetryGateTest, OneHasTheTurnOverThreadsAndProcesses) {
  auto other = NewGate();
  auto turn = gate_->Wait(In(milliseconds(1000)), {});
  ASSERT_TRUE(turn) << turn.error().message();
  for (const auto& gate : {gate_, other}) {
    auto late = gate->Wait(In(milliseconds(30)), {});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), ErrorCode::kBusy);
  }
  turn->held.reset();
  EXPECT_TRUE(other->Wait(In(milliseconds(1000)), {}));
  EXPECT_TRUE(gate_->Wait(In(milliseconds(1000)), {}));
}

TEST_F(RetryGateTest, TellsWhoHadToWait) {
  auto other = NewGate();
  for (const auto& gate : {gate_, other}) {
    auto turn = gate_->Wait(In(milliseconds(1000)), {});
    ASSERT_TRUE(turn);
    EXPECT_FALSE(turn->waited);
    std::thread ends([&] {
      std::this_thread::sleep_for(milliseconds(30));
      turn->held.reset();
    });
    auto late = gate->Wait(In(milliseconds(1000)), {});
    ends.join();
    ASSERT_TRUE(late);
    EXPECT_TRUE(late->waited);
  }
}

TEST_F(RetryGateTest, WhoGaveUpIsInNobodysWay) {
  auto turn = gate_->Wait(In(milliseconds(1000)), {});
  ASSERT_TRUE(turn);
  std::thread impatient([&] { EXPECT_FALSE(gate_->Wait(In(milliseconds(20)), {})); });
  impatient.join();
  turn->held.reset();
  EXPECT_TRUE(gate_->Wait(In(milliseconds(1000)), {}));
}

TEST_F(RetryGateTest, AWaitIsCancelled) {
  auto other = NewGate();
  auto turn = gate_->Wait(In(milliseconds(1000)), {});
  ASSERT_TRUE(turn);
  for (const auto& gate : {gate_, other}) {
    Cancellation cancellation;
    std::thread canceller([&] {
      std::this_thread::sleep_for(milliseconds(10));
      cancellation.Cancel();
    });
    auto waited = gate->Wait(In(std::chrono::minutes(10)), cancellation);
    canceller.join();
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().code(), ErrorCode::kCancelled);
  }
}

TEST_F(RetryGateTest, ATurnMayEndOnAnotherThreadAndAfterItsGate) {
  auto turn = gate_->Wait(In(milliseconds(1000)), {});
  ASSERT_TRUE(turn);
  gate_ = NewGate();
  std::thread([&] { turn->held.reset(); }).join();
  EXPECT_TRUE(gate_->Wait(In(milliseconds(1000)), {}));
}

TEST_F(RetryGateTest, ManyThreadsOfSeveralProcessesTakeTurns) {
  std::atomic<int> inside = 0;
  std::atomic<int> done = 0;
  std::vector<std::thread> threads;
  for (int process = 0; process < 3; ++process) {
    auto gate = NewGate();
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, gate] {
        for (int i = 0; i < 20; ++i) {
          auto turn = gate->Wait(In(std::chrono::minutes(1)), {});
          ASSERT_TRUE(turn);
          EXPECT_EQ(++inside, 1);
          ++done;
          --inside;
        }
      });
    }
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done, 3 * 4 * 20);
}

}  // namespace
}  // namespace rhizo::db
