/// The frame of a self-contained page.
enum HTMLPage {
    /// - Parameters:
    ///   - title: as text, for the browser.
    ///   - style: beside what all pages have.
    ///   - main: the content.
    static func html(title: String, style: String = "", main: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(HTMLText.escape(title))</title>
        <style>
        \(ReportStyle.css)\(style)
        </style>
        </head>
        <body><main>
        \(main)
        </main></body>
        </html>

        """
    }
}
