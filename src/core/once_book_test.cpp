#include "core/once_book.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace croft {
namespace {

using Do = OnceBook::Do;

OnceRequest once(const char* key) {
  return {.key = key};
}
OnceRequest retrying(const char* key) {
  return {.key = key, .retry = true};
}

TEST(OnceBook, OneRunsTheOthersGetItsResult) {
  OnceBook book({});
  EXPECT_EQ(book.ask(1, "api", once("k")).what, Do::kRun);
  EXPECT_EQ(book.ask(2, "api", once("k")).what, Do::kWait);
  EXPECT_EQ(book.ask(3, "other", once("k")).what, Do::kRun) << "keys are per service";
  const auto orders = book.finish(1, 4);
  ASSERT_EQ(orders.size(), 2u);
  for (const auto& order : orders) {
    EXPECT_EQ(order.what, Do::kResult);
    EXPECT_EQ(order.result, 4);
  }
  EXPECT_EQ(book.ask(4, "api", once("k")).result, 4) << "later ones too";
}

TEST(OnceBook, AWaitingClientRunsWhenTheRunnerVanishes) {
  OnceBook book({});
  book.ask(1, "api", once("k"));
  book.ask(2, "api", once("k"));
  book.ask(3, "api", once("k"));
  EXPECT_TRUE(book.leave(2).empty());
  const auto orders = book.leave(1);
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(orders[0].client, 3u);
  EXPECT_EQ(orders[0].what, Do::kRun);
  EXPECT_TRUE(book.leave(3).empty());
  EXPECT_EQ(book.ask(4, "api", once("k")).what, Do::kRun) << "nothing was recorded";
}

TEST(OnceBook, ARetryingRunThatFailsIsTriedByTheNext) {
  OnceBook book({});
  book.ask(1, "api", retrying("k"));
  book.ask(2, "api", retrying("k"));
  const auto orders = book.finish(1, 1);
  ASSERT_EQ(orders.size(), 2u);
  EXPECT_EQ(orders[0].client, 2u);
  EXPECT_EQ(orders[0].what, Do::kRun);
  EXPECT_TRUE(book.records().records.empty());
  book.finish(2, 0);
  EXPECT_EQ(book.ask(3, "api", retrying("k")).what, Do::kResult);
}

TEST(OnceBook, ResultsSurviveARestart) {
  OnceBook before({});
  before.ask(1, "api", once("k"));
  before.finish(1, 0);
  OnceBook after(*from_json_text<OnceRecords>(to_json_text(before.records())));
  EXPECT_EQ(after.ask(1, "api", once("k")).what, Do::kResult);
}

TEST(OnceBook, OnlyTheRunnerCanFinish) {
  OnceBook book({});
  book.ask(1, "api", once("k"));
  book.ask(2, "api", once("k"));
  EXPECT_TRUE(book.finish(2, 0).empty());
  EXPECT_TRUE(book.finish(9, 0).empty());
}

TEST(OnceBook, ForgetsTheOldestOfAServiceOnly) {
  OnceBook book({});
  book.ask(1, "other", once("k"));
  book.finish(1, 0);
  for (std::size_t i = 0; i <= kMaxOnceRecordsPerService; ++i) {
    const std::string key = std::to_string(i);
    book.ask(1, "api", {.key = key});
    book.finish(1, 0);
  }
  EXPECT_EQ(book.records().records.size(), kMaxOnceRecordsPerService + 1);
  EXPECT_EQ(book.ask(2, "api", once("0")).what, Do::kRun);
  EXPECT_EQ(book.ask(3, "other", once("k")).what, Do::kResult);
}

// Whatever happens, at most one client runs a key at a time, and nobody waits for nobody.
TEST(OnceBook, NeverTwoRunnersAndNobodyForgotten) {
  SeededRandom random(11);
  for (int round = 0; round < 500; ++round) {
    OnceBook book({});
    std::map<OnceBook::Client, Do> clients;
    const auto take = [&](const OnceBook::Order& order) {
      if (order.what == Do::kResult) {
        clients.erase(order.client);
      } else {
        clients[order.client] = order.what;
      }
    };
    OnceBook::Client next = 1;
    for (int step = 0; step < 40; ++step) {
      const auto action = random.below(4);
      if (action < 2) {
        take(book.ask(next++, "api", {.key = "k", .retry = random.below(2) == 0}));
      } else if (!clients.empty()) {
        auto it = clients.begin();
        std::advance(it, static_cast<std::ptrdiff_t>(random.below(clients.size())));
        const auto client = it->first;
        const bool finishes = action == 2 && it->second == Do::kRun;
        if (!finishes) clients.erase(it);
        const int code = static_cast<int>(random.below(2));
        for (const auto& order : finishes ? book.finish(client, code) : book.leave(client)) {
          take(order);
        }
      }
      const auto runners = std::count_if(clients.begin(), clients.end(),
                                         [](const auto& c) { return c.second == Do::kRun; });
      ASSERT_LE(runners, 1);
      ASSERT_EQ(runners == 0, clients.empty());
    }
  }
}

}  // namespace
}  // namespace croft
