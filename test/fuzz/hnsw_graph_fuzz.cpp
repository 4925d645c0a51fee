// A graph whose links, states and codes are as a damaged disk may have them: searches, checks,
// inserts and vacuums end, and touch nothing that is not theirs.

#include <memory_resource>
#include <optional>
#include <vector>

#include "core/error.h"
#include "core/hnsw/check.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/memory_graph.h"
#include "core/hnsw/search.h"
#include "core/hnsw/vacuum.h"
#include "support/hnsw_data.h"

namespace {

/// Takes numbers from the input; zeros when it is at its end.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
  std::uint32_t below(std::uint32_t end) {
    if (left_ == 0) return 0;
    --left_;
    return *data_++ % end;
  }
  bool at_end() const { return left_ == 0; }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vec;
  constexpr std::uint32_t kNodes = 24;
  static const codes::Format format =
      codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 4);
  static const test::Values values(format, kNodes + 4, 7);
  auto* const memory = std::pmr::new_delete_resource();
  Input input(data, size);
  const hnsw::Params params{2, 8};
  hnsw::MemoryGraph graph(format, params, memory);
  const std::vector<hnsw::LinkList> none(3);
  const auto row = [](std::size_t i) { return hnsw::RowId{0, static_cast<std::uint16_t>(i), 1}; };
  for (std::uint32_t i = 0; i < kNodes; ++i) {
    graph.create_node(static_cast<int>(input.below(3)), values.code(input.below(kNodes)), row(i),
                      none);
  }
  const hnsw::NodeId entry = input.below(kNodes);
  graph.replace_entry(hnsw::kNoNode, {entry, static_cast<int>(input.below(3))});
  while (!input.at_end()) {
    const hnsw::NodeId node = input.below(kNodes);
    const int layer =
        static_cast<int>(input.below(static_cast<std::uint32_t>(graph.level(node)) + 1));
    std::vector<hnsw::Link> links(
        input.below(static_cast<std::uint32_t>(params.max_links(layer)) + 1));
    for (hnsw::Link& link : links) {
      const std::uint32_t flags = input.below(4);
      link = hnsw::make_link(input.below(kNodes), (flags & 1) != 0, (flags & 2) != 0);
    }
    hnsw::LinkList now;
    graph.links(node, layer, now);
    graph.replace_links(node, layer, now.view(), links);
  }
  std::vector<hnsw::NodeId> dying;
  try {
    const codes::Query query(format, values[kNodes]);
    if (const auto search = hnsw::search_base(graph, query, 5, memory)) {
      for (int i = 0; i < 100 && search->resume(5); ++i) {
      }
      hnsw::Candidate candidate;
      while (search->drain(candidate)) {
      }
    }
    hnsw::Check<hnsw::MemoryGraph>(graph).run();
    hnsw::InsertScratch scratch;
    for (std::size_t i = kNodes; i < kNodes + 2; ++i) {
      hnsw::insert(graph, codes::Query(format, values[i]), values.code(i), row(i),
                   static_cast<int>(i % 2), scratch, memory);
    }
    const std::uint32_t third = size == 0 ? 0 : data[0] % 3;
    hnsw::remove_dead(
        graph, [&](hnsw::RowId id) { return id.block_low % 3 != third; }, memory);
    hnsw::Check<hnsw::MemoryGraph>(graph).run();
  } catch (const Error&) {
    // A graph that cannot be mended is an error, not a crash.
  }
  return 0;
}
