// Adds to formgrader's page "Manage Students": the messages of the exchange, and a button that removes a student.
"use strict";

(function () {
    const reason = function (xhr) {
        const answer = xhr.responseJSON;
        return (answer && answer.message) || "The notebook server does not answer (" + xhr.status + ").";
    };

    const show = function (title, text, then) {
        const modal = createModal("nbcourier-modal", title, $("<p/>").text(text));
        if (then) {
            modal.on("hidden.bs.modal", then);
        }
    };

    // The page still shows what was not saved, until it is loaded again.
    const reload = function () {
        window.location.reload();
    };

    // A request that failed is silent in formgrader.
    const sync = Backbone.sync;
    Backbone.sync = function (method, model, options) {
        const failed = options.error;
        options.error = function (xhr) {
            $(".modal").modal("hide");
            show("That did not work", reason(xhr), method === "read" ? undefined : reload);
            if (failed) {
                failed.apply(this, arguments);
            }
        };
        return sync.call(this, method, model, options);
    };

    $(document).ajaxSuccess(function (event, xhr) {
        const notice = xhr.getResponseHeader("X-NbCourier-Notice");
        if (notice) {
            const text = decodeURIComponent(notice);
            $("#main-table").parent().before($("<div/>").addClass("alert alert-warning").text(text));
        }
    });

    const askToRemove = function (model) {
        const id = model.get("id");
        const text = "Take " + id + " off the roster of the course? What they handed in stays at the exchange.";
        const footer = $("<div/>");
        const modal = createModal("remove-student-modal", "Removing " + id, $("<p/>").text(text), footer);
        footer.append($("<button/>")
            .addClass("btn btn-danger remove")
            .attr("type", "button")
            .text("Remove")
            .click(function () {
                modal.modal("hide");
                model.destroy({"wait": true, "success": reload});
            }));
        footer.append($("<button/>")
            .addClass("btn btn-default")
            .attr("type", "button")
            .attr("data-dismiss", "modal")
            .text("Cancel"));
    };

    const render = StudentUI.prototype.render;
    StudentUI.prototype.render = function () {
        render.call(this);
        const model = this.model;
        this.$edit.append($("<a/>")
            .addClass("remove")
            .attr("href", "#")
            .attr("title", "Remove from the course")
            .css("margin-left", "1em")
            .click(function () { askToRemove(model); })
            .append($("<span/>").addClass("glyphicon glyphicon-trash").attr("aria-hidden", "true")));
    };
}());
