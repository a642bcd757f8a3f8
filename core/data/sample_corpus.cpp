// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/sample_corpus.h"

#include "base/cancelled.h"
#include "data/story_plots.h"
#include "data/story_teller.h"
#include "data/text_source.h"

#include <span>

namespace gsst {
namespace {

constexpr size_t kBufferBytes = 256 * 1024;

Status writeStories(File& file, uint64_t bytes, const DataProgressCallback& progress, const std::stop_token& stop,
                    uint64_t seed) {
    GSST_TRY(file.truncate(0));
    uint64_t written = 0;
    std::string buffer;
    for (uint64_t story = 0; written + buffer.size() < bytes; ++story) {
        if (story > 0)
            buffer += '\n';
        buffer += sampleStory(seed, story);
        if (buffer.size() < kBufferBytes && written + buffer.size() < bytes)
            continue;
        if (stop.stop_requested())
            return cancelled("Writing the sample stories");
        GSST_TRY(file.write(written, std::as_bytes(std::span(buffer))));
        written += buffer.size();
        buffer.clear();
        if (progress)
            progress({"Writing the sample stories", written < bytes ? written : bytes, bytes, "bytes"});
    }
    return file.sync();
}

}  // namespace

std::string sampleStory(uint64_t seed, uint64_t story) {
    StoryTeller teller(seed, story);
    const auto plots = storyPlots();
    const StoryPlot& plot = plots[static_cast<size_t>(teller.draw(plots.size()))];
    std::string text = teller.tell(storyOpening());
    text += ' ' + teller.tell(plot.beginning) + '\n';
    text += teller.tell(plot.middle) + '\n';
    if (teller.draw(3) == 0)
        text += teller.tell(storyInterlude()) + '\n';
    text += teller.tell(plot.end) + ' ' + teller.tell(storyEnding()) + '\n';
    return text;
}

Status writeSampleCorpus(FileSystem& files, const std::filesystem::path& path, uint64_t bytes,
                         const DataProgressCallback& progress, std::stop_token stop, uint64_t seed) {
    std::filesystem::path temporary = path;
    temporary += ".part";
    Status status;
    {
        GSST_ASSIGN(const auto file, files.open(temporary, OpenMode::Create, Caching::Buffered));
        status = writeStories(*file, bytes, progress, stop, seed);
    }
    if (status.ok())
        status = files.rename(temporary, path);
    if (!status.ok()) {
        // The first error is the one to report.
        static_cast<void>(files.remove(temporary));
        return status;
    }
    return files.syncFolder(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

}  // namespace gsst
