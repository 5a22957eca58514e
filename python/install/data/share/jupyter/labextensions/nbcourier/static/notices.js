// Adds a dialog to JupyterLab that shows the exchange's messages after a click in nbgrader's Assignment List.
// JupyterLab loads this file as it is. It is a container in the sense of webpack's module federation, written by hand:
// `init` receives the modules that JupyterLab shares, and `get` returns the one that package.json names.
"use strict";

(function () {
    // The part of an answer that nbgrader does not know (assignment_list_pages.py).
    const KEY = "nbcourier";
    const ACTION = /\/assignments\/(fetch|submit|fetch_feedback)$/;
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
                    if (ACTION.test(url.split("?")[0])) {
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
