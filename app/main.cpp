// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/platform/installed_memory.h"
#include "app/platform/program.h"
#include "base/usable_cores.h"
#include "machine/machine.h"
#include "service/create_training_service.h"
#include "ui/main_window.h"
#include "ui/text/format.h"

#include <QApplication>
#include <QSettings>
#include <QStandardPaths>
#include <QThreadPool>

int main(int count, char** arguments) {
    gsst::preferPassiveWaiting();
    QApplication application(count, arguments);
    QApplication::setOrganizationName("GSST");
    QApplication::setApplicationName("GSST Studio");
    const auto service = gsst::createTrainingService(gsst::presetsFolder());
    gsst::Theme theme(application);
    theme.choose(gsst::Theme::Choice(QSettings().value("theme", int(gsst::Theme::Choice::System)).toInt()));

    gsst::MainWindow::Places places;
    const QString documents = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    places.runsFolder = gsst::toPath(QSettings().value("runsFolder", documents + "/GSST runs").toString());
    places.machine = {gsst::installedRamBytes(), gsst::availableRamBytes(), gsst::usableCores()};
    int code = 0;
    {
        gsst::MainWindow window(*service, theme, places);
        window.show();
        code = QApplication::exec();
    }
    // Work on pool threads uses the service.
    QThreadPool::globalInstance()->waitForDone();
    return code;
}
