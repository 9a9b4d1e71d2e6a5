using System.Globalization;
using System.Net;
using System.Text;

namespace Ayni.Training;

/// <summary>Draws a run's losses as an SVG in a page of its own, which needs nothing from elsewhere.</summary>
internal static class LossPlot
{
    private const int Width = 800;
    private const int Height = 420;
    private const int Left = 60;
    private const int Bottom = 40;
    private const int Top = 20;
    private const int Right = 20;
    private const int MostPoints = 1000;

    /// <summary>The page.</summary>
    public static string Write(string name, IReadOnlyList<MetricsPoint> points)
    {
        var title = WebUtility.HtmlEncode(name);
        return $$"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>{{title}}: loss</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
            body { color: #222; background: #fff }
            svg { width: 100%; height: auto } text { font-size: 13px; fill: #555 } .grid { stroke: #ddd }
            .loss { fill: none; stroke: #2a6fbb; stroke-width: 1.5 } .validation { fill: none; stroke: #c4511b; stroke-width: 2 }
            @media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } text { fill: #aaa } .grid { stroke: #333 } }
            </style>
            </head>
            <body>
            <h1>{{title}}</h1>
            <p>{{Summary(points)}}</p>
            {{Draw(points)}}
            </body>
            </html>

            """.ReplaceLineEndings("\n");
    }

    private static string Summary(IReadOnlyList<MetricsPoint> points)
    {
        if (points.Count == 0)
            return "No step was made yet.";
        var validation = points.LastOrDefault(point => point.ValidationLoss is not null);
        return string.Create(CultureInfo.InvariantCulture, $"Step {points[^1].Step}, loss {points[^1].Loss:F4} nats a token")
            + (validation is null ? "." : string.Create(
                CultureInfo.InvariantCulture, $"; on what it never learned {validation.ValidationLoss:F4} (step {validation.Step})."));
    }

    private static string Draw(IReadOnlyList<MetricsPoint> points)
    {
        var svg = new StringBuilder($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"Loss by step\">\n");
        if (points.Count > 0)
        {
            var (first, last) = (points[0].Step, Math.Max(points[^1].Step, points[0].Step + 1));
            var highest = points.Max(point => Math.Max(point.Loss, point.ValidationLoss ?? 0));
            var scale = Scale(highest);
            for (var line = 0; line * scale <= highest + scale; line++)
            {
                var y = Y(line * scale);
                if (y < Top)
                    break;
                svg.Append(CultureInfo.InvariantCulture, $"<path class=\"grid\" d=\"M{Left} {y:F1}H{Width - Right}\"/>")
                    .Append(CultureInfo.InvariantCulture,
                        $"<text x=\"{Left - 8}\" y=\"{y + 4:F1}\" text-anchor=\"end\">{line * scale:G4}</text>\n");
            }
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{Height - 12}\">step {first}</text>")
                .Append(CultureInfo.InvariantCulture,
                    $"<text x=\"{Width - Right}\" y=\"{Height - 12}\" text-anchor=\"end\">step {points[^1].Step}</text>\n");
            AddLine("loss", points.Select(point => (point.Step, point.Loss)));
            var validated = points.Where(point => point.ValidationLoss is not null);
            AddLine("validation", validated.Select(point => (point.Step, point.ValidationLoss!.Value)));

            double X(double step) => Left + (step - first) / (last - first) * (Width - Left - Right);

            double Y(double loss) => Height - Bottom - loss / (highest > 0 ? highest : 1) * (Height - Bottom - Top);

            void AddLine(string name, IEnumerable<(long Step, double Loss)> values)
            {
                var all = values.ToArray();
                // More points than pixels say no more: the mean of each group stands for it.
                var path = string.Join('L', all.Chunk(Math.Max(1, (all.Length + MostPoints - 1) / MostPoints)).Select(group =>
                    string.Create(
                    CultureInfo.InvariantCulture,
                        $"{X(group.Average(value => value.Step)):F1} {Y(group.Average(value => value.Loss)):F1}")));
                if (path.Length > 0)
                    svg.Append(CultureInfo.InvariantCulture, $"<path class=\"{name}\" d=\"M{path}\"><title>{name}</title></path>\n");
            }
        }
        return svg.Append("</svg>").ToString();
    }

    /// <summary>A step of 1, 2 or 5 times a power of ten that makes about six lines.</summary>
    private static double Scale(double highest)
    {
        if (!(highest > 0))
            return 1;
        var power = Math.Pow(10, Math.Floor(Math.Log10(highest / 6)));
        return ((int[])[1, 2, 5, 10]).Select(factor => factor * power).First(step => highest / step <= 7 || step >= 10 * power);
    }
}
