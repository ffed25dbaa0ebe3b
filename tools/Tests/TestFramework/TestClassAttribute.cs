namespace nanoFramework.TestFramework
{
    /// <summary>A class with tests. MSTest finds it; <see cref="TestMethodAttribute"/> runs its tests as a board would.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public class TestClassAttribute : Microsoft.VisualStudio.TestTools.UnitTesting.TestClassAttribute
    {
    }
}
