// Choosing a table.

#include <cstring>

#include "kernels/cpu_features.h"
#include "support/every_table.h"

namespace {

using namespace vec::kernels;

class Dispatch : public testing::Test {
 protected:
  ~Dispatch() override { choose(nullptr); }
};

TEST_F(Dispatch, ScalarIsAlwaysThereAndLast) {
  ASSERT_FALSE(available().empty());
  EXPECT_STREQ(available().back()->name, "scalar");
}

TEST_F(Dispatch, EveryTableIsWholeAndFoundByItsName) {
  for (const KernelTable* table : available()) {
    EXPECT_EQ(by_name(table->name), table);
    // Every member is a pointer, so a hole is a run of zero bytes at a pointer's place.
    const void* members[sizeof(KernelTable) / sizeof(void*)];
    static_assert(sizeof members == sizeof(KernelTable));
    std::memcpy(members, static_cast<const void*>(table), sizeof members);
    for (const void* member : members) EXPECT_NE(member, nullptr) << table->name;
  }
}

TEST_F(Dispatch, ChoosesTheBestByDefault) {
  EXPECT_TRUE(choose(nullptr));
  EXPECT_EQ(&active(), available().front());
  EXPECT_TRUE(choose("scalar"));
  EXPECT_TRUE(choose(""));
  EXPECT_EQ(&active(), available().front());
}

TEST_F(Dispatch, ChoosesWhatIsNamedAgainAndAgain) {
  for (int round = 0; round < 2; ++round) {
    for (const KernelTable* table : available()) {
      EXPECT_TRUE(choose(table->name));
      EXPECT_EQ(&active(), table);
    }
  }
}

TEST_F(Dispatch, AnUnknownNameIsReportedAndTheBestChosen) {
  for (const char* name : {"sse2", "AVX2", "scala", "scalar ", "avx512-popcnt-2", " "}) {
    EXPECT_TRUE(choose("scalar"));
    EXPECT_FALSE(choose(name)) << name;
    EXPECT_EQ(&active(), available().front());
    EXPECT_EQ(by_name(name), nullptr);
  }
  EXPECT_EQ(by_name(nullptr), nullptr);
}

#if defined(__x86_64__)
TEST_F(Dispatch, TheProcessorIsReadAsTheCompilerReadsIt) {
  const CpuFeatures found = detect_cpu_features();
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("popcnt");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq");
  EXPECT_EQ(found.avx2, avx2);
  EXPECT_EQ(found.avx512, avx512);
  EXPECT_EQ(found.avx512_vnni, avx512 && __builtin_cpu_supports("avx512vnni"));
  EXPECT_EQ(found.avx512_popcnt, avx512 && __builtin_cpu_supports("avx512vpopcntdq"));
  // Not the other way round: the system may refuse it.
  if (found.avx512_amx) {
    EXPECT_TRUE(found.avx512_vnni);
    EXPECT_TRUE(__builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8"));
  }
  EXPECT_FALSE(found.neon);
}
#elif defined(__AARCH64EL__)
TEST_F(Dispatch, Every64BitArmHasNeon) { EXPECT_STREQ(available().front()->name, "neon"); }
#endif

}  // namespace
