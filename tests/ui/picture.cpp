// SPDX-License-Identifier: GPL-3.0-or-later
// Makes the picture of README.md: trains the sample in the real window and saves the dashboard after so many steps:
// picture FILE.png [STEPS]. Run with QT_QPA_PLATFORM=offscreen.
#include "tests/ui/real_window.h"

#include <cstdio>
#include <cstdlib>

using namespace gsst;

namespace {

class Picture : private RealWindow {
public:
    ~Picture() { dropAll(); }
    bool save(const QString& file, size_t steps) {
        makeWindow();
        m_window->resize(1280, 800);
        if (!press(*m_window, "Try the sample"))
            return false;
        while (m_steps.size() < steps)
            if (!waitForSteps(1))
                return false;
        const QImage image = m_window->grab().toImage().convertToFormat(QImage::Format_RGB888);
        // 0 is the densest of PNG's levels of compression.
        return image.save(file, "PNG", 0);
    }
};

}  // namespace

int main(int count, char** arguments) {
    preferPassiveWaiting();
    QApplication application(count, arguments);
    QApplication::setOrganizationName("GSST-tests");
    QApplication::setApplicationName("picture");
    if (count < 2) {
        std::fprintf(stderr, "usage: picture FILE.png [STEPS]\n");
        return 2;
    }
    Picture picture;
    return picture.save(arguments[1], count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 200) ? 0 : 1;
}
