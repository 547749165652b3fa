namespace ChatKit.StressTests.Harness;

public class ExactnessTests
{
    [Fact]
    public void Numbers_that_arrive_once_and_in_the_order_of_their_sender_are_exact()
    {
        var seen = See(0, 2, 1, 4, 3, 5);

        Assert.Equal((6, 0, 0), (seen.Count, seen.Duplicates, seen.Late));
    }

    [Fact]
    public void A_repeated_number_is_a_duplicate()
    {
        Assert.Equal(1, See(0, 1, 2, 2, 3).Duplicates);
    }

    [Fact]
    public void A_number_after_a_later_one_of_its_sender_is_late()
    {
        var seen = See(0, 1, 4, 3, 2);

        Assert.Equal((5, 1), (seen.Count, seen.Late));
    }

    [Fact]
    public void Missing_numbers_are_not_counted()
    {
        Assert.Equal(3, See(0, 1, 4).Count);
    }

    [Fact]
    public void The_order_of_the_senders_changes_Order()
    {
        Assert.NotEqual(See(0, 1, 2).Order, See(1, 0, 2).Order);
    }

    private static Exactness See(params long[] numbers)
    {
        var seen = new Exactness(senders: 2);
        foreach (var number in numbers)
            seen.See(number);
        return seen;
    }
}
