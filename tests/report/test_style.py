from fieldvae.report.style import WIDTH, Plot, new_figure, png


def plot(width):
    return Plot("empty", "Empty", "", png(new_figure(0.5, width=width)))


class TestPlot:
    def test_is_shown_at_its_share_of_the_page(self):
        """So that text has one size in all figures."""
        assert plot(WIDTH).share == 100
        assert plot(WIDTH / 2).share == 50

    def test_is_never_wider_than_the_page(self):
        assert plot(2 * WIDTH).share == 100
