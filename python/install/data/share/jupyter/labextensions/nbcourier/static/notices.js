// Adds two things to nbgrader's Assignment List in JupyterLab: a dialog with the exchange's messages after a click, and a
// link to the exchange's page of the course.
// JupyterLab loads this file as it is. It is a container in the sense of webpack's module federation, written by hand:
// `init` receives the modules that JupyterLab shares, and `get` returns the one that package.json names.
"use strict";

(function () {
    // The parts of an answer that nbgrader does not know (assignment_list_pages.py).
    const KEY = "nbcourier";
    const PAGE = "nbcourierPage";
    const LIST_OR_ACTION = /\/assignments(\/(fetch|submit|fetch_feedback))?$/;
    const LINK = "nbcourier_page";
    let modules;

    const shared = async function (name) {
        const versions = Object.values(modules[name]);
        const version = versions.find((each) => each.loaded) || versions[0];
        return (await version.get())();
    };

    const body = function (sentences, Widget) {
        const node = document.createElement("div");
        sentences.forEach(function (sentence) {
            const line = document.createElement("p");
            line.textContent = sentence;
            node.append(line);
        });
        return new Widget({node: node});
    };

    // Puts the link beside the button that loads the lists again. Without an address, it removes the link.
    const link = function (address) {
        document.getElementById(LINK)?.remove();
        const refresh = document.getElementById("refresh_assignments_list");
        if (!address || !refresh) {
            return;
        }
        const link = document.createElement("a");
        link.id = LINK;
        link.href = address;
        link.target = "_blank";
        link.rel = "noopener";
        link.className = "btn btn-default btn-xs";
        link.textContent = "Due dates and submissions";
        refresh.before(link);
    };

    const plugin = function (services, apputils, widgets) {
        const show = async function (said) {
            await apputils.showDialog({
                title: said.title,
                body: body(said.sentences, widgets.Widget),
                buttons: [apputils.Dialog.okButton()],
            });
            if (said.reload) {
                // An error took the place of the lists.
                document.getElementById("refresh_assignments_list")?.click();
            }
        };

        const look = async function (response) {
            const answer = await response.json();
            if (answer && answer.success) {
                link(answer[PAGE]);
            }
            if (answer && answer[KEY]) {
                await show(answer[KEY]);
            }
        };

        return {
            id: "nbcourier:notices",
            autoStart: true,
            activate: function () {
                const connection = services.ServerConnection;
                const ask = connection.makeRequest;
                connection.makeRequest = async function (url, ...more) {
                    const response = await ask.call(connection, url, ...more);
                    if (LIST_OR_ACTION.test(url.split("?")[0])) {
                        look(response.clone()).catch((error) => console.warn("nbcourier:", error));
                    }
                    return response;
                };
            },
        };
    };

    window._JUPYTERLAB = window._JUPYTERLAB || {};
    window._JUPYTERLAB.nbcourier = {
        init: function (scope) {
            modules = scope;
        },
        get: async function () {
            const names = ["@jupyterlab/services", "@jupyterlab/apputils", "@lumino/widgets"];
            const made = plugin(...await Promise.all(names.map(shared)));
            return () => ({__esModule: true, default: made});
        },
    };
}());
