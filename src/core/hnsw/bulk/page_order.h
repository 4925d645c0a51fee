// core/hnsw/bulk/page_order.h
//
// Which nodes share a page.  A search scores all neighbours of a node at once, and most pages it
// touches are those of their codes: nodes that are linked belong together.
//
// Pages are filled one after another, each time by the node that has most links from and to what
// the page already holds, a greedy order as in Wei, Yu, Lu and Lin, "Speedup graph processing by
// graph ordering", SIGMOD 2016.  Links to the pages before count, too, half as much with each page.

#ifndef VEC_CORE_HNSW_BULK_PAGE_ORDER_H_
#define VEC_CORE_HNSW_BULK_PAGE_ORDER_H_

#include <cstddef>
#include <functional>
#include <memory_resource>
#include <span>

#include "core/codes/format.h"
#include "core/hnsw/memory_graph.h"

namespace vec::hnsw::bulk {

/// About how many codes a page has room for; at least one.
std::size_t codes_on_page(const codes::Format& format);

/// How many nodes are to have one nearest leader where there are no links yet to order them by: a
/// page's worth, but of long codes more, since a leader's code is in memory twice.
std::size_t nodes_of_leader(const codes::Format& format);

/// Sorts nodes of one level by their links on that layer, each few thousand by themselves: so near
/// nodes are to be near each other already.
///
/// order      all nodes, the highest level first; it stays that way
/// per_page   codes on a page
/// memory     for 4 bytes a node, and some 2 MB
void fill_pages(const MemoryGraph& graph, std::span<NodeId> order, std::size_t per_page,
                std::pmr::memory_resource* memory, const std::function<void()>& interrupt);

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_PAGE_ORDER_H_
